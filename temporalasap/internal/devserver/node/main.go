// Node is one process of a Temporal cluster: one of its services, on a PostgreSQL that
// all of its processes share. The test of a cluster starts several of each and kills
// them.
//
//	node schema -postgres 127.0.0.1:5432 -user temporal
//	node run -postgres 127.0.0.1:5432 -user temporal -service history -port 7301 -membership 7302
//
// A process of a cluster that is to last needs more: TLS, a password, metrics, and the
// configuration file that Temporal's own program reads. What is the same is that the
// services find each other by the database.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"go.temporal.io/server/tools/sql"
)

const (
	clusterName = "active"
	host        = "127.0.0.1"
	mainStore   = "temporal" // database
	visibility  = "temporal_visibility"
)

type settings struct {
	postgres, user, service, log string
	port, membership, shards     int
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say what to do: schema or run")
	}
	var set settings
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	flags.StringVar(&set.postgres, "postgres", "", "`address` of PostgreSQL, host and port")
	flags.StringVar(&set.user, "user", "temporal", "`name` of its user")
	flags.StringVar(&set.service, "service", "", "frontend, history, matching or worker")
	flags.IntVar(&set.port, "port", 0, "gRPC `port`")
	flags.IntVar(&set.membership, "membership", 0, "`port` by which the services find each other")
	flags.IntVar(&set.shards, "shards", 4, "history shards: the same of all, for good")
	flags.StringVar(&set.log, "log", "error", "`level` of the log")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "schema":
		return schema(set)
	case "run":
		return serve(set)
	}
	return fmt.Errorf("%s is neither schema nor run", args[0])
}

// schema makes the two databases.
func schema(set settings) error {
	at, port, err := net.SplitHostPort(set.postgres)
	if err != nil {
		return err
	}
	for _, db := range []struct{ name, schema string }{
		{mainStore, "postgresql/v12/temporal"},
		{visibility, "postgresql/v12/visibility"},
	} {
		tool := []string{"temporal-sql-tool", "--ep", at, "--port", port, "--user", set.user, "--plugin", postgresql.PluginName, "--db", db.name}
		for _, command := range [][]string{
			{"create-database", "--defaultdb", "postgres"},
			{"setup-schema", "-v", "0.0"},
			{"update-schema", "--schema-name", db.schema},
		} {
			if err := sql.RunTool(append(tool[:len(tool):len(tool)], command...)); err != nil {
				return fmt.Errorf("%s of %s: %w", command[0], db.name, err)
			}
		}
	}
	return nil
}

// serve runs the service until the process is killed, or its parent ends.
func serve(set settings) error {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server, err := temporal.NewServer(
		temporal.WithConfig(configuration(set)),
		temporal.ForServices([]string{set.service}),
		temporal.WithDynamicConfigClient(tuning()),
		temporal.WithLogger(log.NewZapLogger(log.BuildZapLogger(log.Config{Level: set.log}))),
	)
	if err != nil {
		return fmt.Errorf("new server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	fmt.Println("started")
	select {}
}

func configuration(set settings) *config.Config {
	store := func(name string) config.DataStore {
		return config.DataStore{SQL: &config.SQL{
			PluginName:      postgresql.PluginName,
			DatabaseName:    name,
			ConnectAddr:     set.postgres,
			ConnectProtocol: "tcp",
			User:            set.user,
			MaxConns:        20,
			MaxIdleConns:    20,
			MaxConnLifetime: time.Hour,
		}}
	}
	// A process knows of all services, and the others by what they say of themselves.
	services := make(map[string]config.Service)
	for _, name := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: set.port, MembershipPort: set.membership, BindOnIP: host}}
	}
	return &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: host}},
		Persistence: config.Persistence{
			DefaultStore:     mainStore,
			VisibilityStore:  visibility,
			NumHistoryShards: int32(set.shards),
			DataStores:       map[string]config.DataStore{mainStore: store(mainStore), visibility: store(visibility)},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: net.JoinHostPort(host, strconv.Itoa(set.port))},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{
			Archival: config.ArchivalNamespaceDefaults{
				History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
				Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
			},
		},
	}
}

// tuning is what docs/temporal.md says to set, as in the development server.
func tuning() dynamicconfig.Client {
	return dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key():             500,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():                500,
		dynamicconfig.TimerProcessorMaxTimeShift.Key():              20 * time.Millisecond,
		dynamicconfig.EnableCancelActivityWorkerCommand.Key():       true,
		dynamicconfig.WorkerCommandsEnabled.Key():                   true,
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
	}
}
