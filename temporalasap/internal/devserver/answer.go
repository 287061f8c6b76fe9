package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// answers returns when the server has answered a call that goes through its
// frontend to the database, and an error when ctx ends before.
func answers(ctx context.Context, addr, namespace string) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	service := workflowservice.NewWorkflowServiceClient(conn)
	for {
		_, err := service.DescribeNamespace(ctx,
			&workflowservice.DescribeNamespaceRequest{Namespace: namespace}, grpc.WaitForReady(true))
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace %s does not answer: %w", namespace, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// serveUI starts the web interface and returns its address once the port
// accepts connections.
func serveUI(set settings, frontend string) (string, error) {
	addr := net.JoinHostPort(set.host, strconv.Itoa(set.uiPort))
	// Bind once to learn of a taken port: the interface's own server ends the
	// process without a word when it finds one.
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("web interface: %w", err)
	}
	l.Close()
	ui := uiserver.NewServer(server_options.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: frontend,
		Host:                set.host,
		Port:                set.uiPort,
		EnableUI:            true,
		HideLogs:            true,
		DisableNewsFetch:    true,
		DefaultNamespace:    set.namespace,
		CORS:                uiconfig.CORS{CookieInsecure: true},
	}))
	go ui.Start()
	for range 500 {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return "http://" + addr, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", fmt.Errorf("web interface: %s accepts no connection", addr)
}
