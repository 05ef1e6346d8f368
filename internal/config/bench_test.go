package config

import "testing"

// BenchmarkLoad is what a project with a configuration file pays for it at start-up.
func BenchmarkLoad(b *testing.B) {
	project := memory{".corslint.yml": "rules: {vary-origin-missing: off}\n"}
	for b.Loop() {
		if _, err := Load(project, ".corslint.yml", testRules()); err != nil {
			b.Fatal(err)
		}
	}
}
