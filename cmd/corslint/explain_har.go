package main

import (
	"io"

	"github.com/spf13/cobra"
)

const maxLog = 64 << 20

func looksLikeHAR(text string) bool { return false }

func (e *explanation) explainHAR(cmd *cobra.Command, file string) error { return nil }

func (e *explanation) explainLog(cmd *cobra.Command, in io.Reader) error { return nil }
