// Package asapweb is a debug page: where the time of a program's groups goes,
// and what the running ones wait for.
//
//	stats := new(waterfall.Stats)
//	mux.Handle("/debug/asap/", asapweb.Handler(stats))
//	...
//	g := asap.New(ctx, asap.Name("home"), asap.Observe(stats))
//
// The first page says first whether all is well, and else which groups hang, fail
// or take longer than before, since when and for which task. Then come the running
// groups, those that are stuck first, each with who waits for whom and since when,
// and the groups by name in a window of time: how many runs, how many failed, the
// latency, the last error, and which task the slowest wait for. Behind a name are
// its last hour, its histogram, the criticality of every task, and failed, slow and
// usual runs. A window can be put beside what came before it or beside another
// build, a run beside another one. Behind a run is its waterfall, with the critical
// path and with what-if sliders that compute the prediction in the page, and
// downloads in every [waterfall.Format].
//
// With [Tail] the page of a name also says which of its tasks are called a second time, and
// which are given up when, why, and what came of it.
//
// # Who may see it
//
// Names of tasks and texts of errors are not for strangers. Unless [Allow] says
// otherwise the page answers only a client on this machine, by the address of
// the connection, that asked for a name of this machine, so that no other
// site can reach it through its visitor's browser by changing what its own
// name stands for. Headers are not believed: nothing in them makes the page
// answer, and any sign of a proxy makes it refuse: HTTP/1.0, a header that
// proxies add (Forwarded, X-Forwarded-…, Via, …-Client-IP, X-Envoy-…, CF-… and
// others of the kind), a Connection header other than keep-alive, or a browser
// without one.
//
// What remains: a proxy on this machine that speaks HTTP/1.1 on connections that
// it keeps, asks for localhost or 127.0.0.1, and adds no header, leaves nothing
// to tell its clients by, browsers apart. nginx from 1.29.7 on is such a proxy
// unless it is told otherwise. Where one leads to the port of the program, give
// the handler an Allow, or a server of its own on a port that the proxy does not
// know.
//
// # What it costs
//
// Memory and the cost of recording are those of [waterfall.Stats]. A page is
// made when it is asked for, a few at a time; groups do not wait for it.
package asapweb
