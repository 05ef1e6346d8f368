package probe

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/policy"
)

func FuzzSlow(f *testing.F) {
	for _, seed := range []string{`^https://(.*\.)?shop.com$`, `((((((a*)*)*){9}){9}){9})`, "[^a]", `(?i)\p{L}+\.com`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := policy.Mention{Kind: policy.MentionPattern, Text: text, Dialect: policy.PCRE}
		os.WriteFile("/tmp/r3_input", []byte(text), 0o600); start := time.Now()
		accepts := acceptor(&m)
		a := time.Since(start)
		start = time.Now()
		found := patternTexts(&m, "app")
		b := time.Since(start)
		start = time.Now()
		strangers(meanings(&m))
		_ = accepts
		if c := time.Since(start); a+b+c > 150*time.Millisecond {
			panic(fmt.Sprintf("%q %d: %v %v %v", text, len(found), a, b, c))
		}
	})
}
