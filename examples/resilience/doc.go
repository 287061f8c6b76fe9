// Package resilience has what real servers put around their calls, with the
// libraries that they use for it: retries, hedges, breakers and rate limits of
// failsafe-go, one flight for many requests, a dataloader, a transaction, gRPC and
// Connect, logs, and pages that are streamed. Each file is one of them; its test
// makes it fail: hung, slow, canceled, half done.
package resilience
