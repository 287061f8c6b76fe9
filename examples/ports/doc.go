// Package ports has seven functions of the shapes that one finds in real servers
// and tools, each written twice: with asap, and with golang.org/x/sync/errgroup
// for the same schedule, the same limits and the same results. The tests run both
// in virtual time, without faults, with each call failing, with each call hung and
// with deadlines all along the way, and compare what they return, when, and which
// calls they have made. README.md has the figures, and where asap is not the
// better choice.
package ports
