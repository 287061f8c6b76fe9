package main

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	staticmembers "go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

// clusterName is the one cluster that a development server has.
const clusterName = "active"

// endpoints are the addresses of the four services of this process.
type endpoints struct {
	frontend, history, matching, worker string
}

// addresses gives the frontend its port and the others free ones: only this
// process calls them, so they may differ after a restart.
func addresses(set settings) (endpoints, error) {
	var hosts endpoints
	var held []net.Listener // until all are chosen, or one is chosen twice
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for _, row := range []struct {
		at   *string
		port int
	}{{&hosts.frontend, set.port}, {&hosts.history, 0}, {&hosts.matching, 0}, {&hosts.worker, 0}} {
		l, err := net.Listen("tcp", net.JoinHostPort(set.host, strconv.Itoa(row.port)))
		if err != nil {
			return endpoints{}, err
		}
		held = append(held, l)
		*row.at = l.Addr().String()
	}
	return hosts, nil
}

// static fixes the membership. With the default ring the members of a killed
// process stay listed, and the next one cannot get their shards for a minute.
func static(hosts endpoints) map[primitives.ServiceName]staticmembers.Hosts {
	return map[primitives.ServiceName]staticmembers.Hosts{
		primitives.FrontendService: staticmembers.SingleLocalHost(hosts.frontend),
		primitives.HistoryService:  staticmembers.SingleLocalHost(hosts.history),
		primitives.MatchingService: staticmembers.SingleLocalHost(hosts.matching),
		primitives.WorkerService:   staticmembers.SingleLocalHost(hosts.worker),
	}
}

// configuration is the part of the server's configuration that is read once.
func configuration(set settings, store *config.SQL, hosts endpoints) *config.Config {
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: set.host},
		},
		Persistence: config.Persistence{
			DefaultStore:     sqlite.PluginName,
			VisibilityStore:  sqlite.PluginName,
			NumHistoryShards: int32(set.shards),
			DataStores:       map[string]config.DataStore{sqlite.PluginName: {SQL: store}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: hosts.frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(set, hosts.frontend),
			string(primitives.HistoryService):  service(set, hosts.history),
			string(primitives.MatchingService): service(set, hosts.matching),
			string(primitives.WorkerService):   service(set, hosts.worker),
		},
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
		PublicClient: config.PublicClient{HostPort: hosts.frontend},
	}
}

func service(set settings, addr string) config.Service {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(fmt.Sprintf("devserver: address %q of a listener: %v", addr, err))
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		panic(fmt.Sprintf("devserver: port %q of a listener: %v", port, err))
	}
	return config.Service{RPC: config.RPC{GRPCPort: n, BindOnIP: set.host}}
}

// tuning is the part of the configuration that a cluster changes while it
// runs. Every value differs from the default for a measured reason.
func tuning(set settings) dynamicconfig.Client {
	return dynamicconfig.StaticClient{
		// The default of 20 polls a second makes every hop of a flow 50 ms long.
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): 500,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():    500,
		dynamicconfig.OutboundProcessorMaxPollRPS.Key(): 500,
		// The default second is added to every short timer: to the heartbeat
		// timeout after which a dead worker is noticed, and to the first retry.
		dynamicconfig.TimerProcessorMaxTimeShift.Key(): 20 * time.Millisecond,
		// A test starts hundreds of flows in one go.
		dynamicconfig.FrontendRPS.Key():                        20_000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(): 20_000,
		// Cancellation reaches a running activity at once, without a heartbeat.
		dynamicconfig.EnableCancelActivityWorkerCommand.Key(): set.push,
		dynamicconfig.WorkerCommandsEnabled.Key():             set.push,
		// A namespace or a search attribute made a moment ago can be used.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
	}
}
