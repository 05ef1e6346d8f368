package main

import "github.com/spf13/cobra"

func newExplain() *cobra.Command { return &cobra.Command{Use: "explain"} }
func newConfig() *cobra.Command  { return &cobra.Command{Use: "config"} }
