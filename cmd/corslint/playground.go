package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/playground"
)

func newPlayground() *cobra.Command {
	var port int
	cmd := &cobra.Command{
		Use:   "playground",
		Short: "Serve a page on this machine to try configurations and requests",
		Long: `playground serves a page on the loopback address: paste a configuration, choose a request, and see findings, the exchange
step by step and the browser's message. Nothing leaves this machine.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return err
			}
			server := playground.New(dialects(options{})).Server()
			fmt.Fprintf(cmd.OutOrStdout(), "http://%s (ends with ctrl-c)\n", listener.Addr())
			ended := context.AfterFunc(cmd.Context(), func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), time.Second)
				defer cancel()
				_ = server.Shutdown(ctx) // whoever still waits is told by the closed connection
			})
			defer ended()
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "the `PORT` on 127.0.0.1 (default: one that is free)")
	return cmd
}
