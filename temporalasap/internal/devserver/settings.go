package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"
)

// settings is what the command line says.
type settings struct {
	host      string
	port      int
	uiPort    int
	db        string
	namespace string
	log       string
	shards    int
	push      bool
	stdin     bool
}

// parse reads the command line and refuses what cannot work, before anything
// has been opened or listened on.
func parse(args []string) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("devserver", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1", "IP `address` to listen on, or address and port")
	flags.IntVar(&set.port, "port", 7233, "gRPC `port`; 0 picks a free one")
	flags.IntVar(&set.uiPort, "ui-port", 0, "`port` of the web interface; 0 is none")
	flags.StringVar(&set.db, "db", "", "SQLite `file`, made when it is not there (required)")
	flags.StringVar(&set.namespace, "namespace", "default", "`name` of the namespace that is there at the start")
	flags.StringVar(&set.log, "log", "error", "`level` of the log: debug, info, warn or error")
	flags.IntVar(&set.shards, "shards", 1, "history shards; fixed when the file is made, more do not make one SQLite file faster")
	flags.BoolVar(&set.push, "push", true, "push cancellations to the workers instead of waiting for a heartbeat")
	flags.BoolVar(&set.stdin, "stdin", false, "exit when standard input ends, so when the parent dies")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	set.host = *addr
	if host, port, err := net.SplitHostPort(*addr); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil {
			return settings{}, fmt.Errorf("-addr %s: the port is not a number", *addr)
		}
		set.host, set.port = host, n
	}
	switch {
	case net.ParseIP(set.host) == nil:
		return settings{}, fmt.Errorf("-addr %s: not an IP address", *addr)
	case set.port < 0 || set.port > 65535:
		return settings{}, fmt.Errorf("-port %d: outside 0 to 65535", set.port)
	case set.uiPort < 0 || set.uiPort > 65535:
		return settings{}, fmt.Errorf("-ui-port %d: outside 0 to 65535", set.uiPort)
	case set.uiPort != 0 && set.uiPort == set.port:
		return settings{}, fmt.Errorf("-ui-port %d: the gRPC port has it", set.uiPort)
	case set.db == "":
		return settings{}, errors.New("-db is missing: give the file that keeps the workflows")
	case set.namespace == "":
		return settings{}, errors.New("-namespace is empty")
	case set.shards < 1:
		return settings{}, fmt.Errorf("-shards %d: at least 1", set.shards)
	}
	return set, nil
}
