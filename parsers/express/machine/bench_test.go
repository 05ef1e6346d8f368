package machine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/parsers/express/machine"
)

const benchmarked = `
const express = require('express');
const cors = require('cors');
const app = express();
app.use(express.json());
app.use(cors({ origin: ['https://app.shop.example', /\.shop\.example$/], credentials: true }));
app.use((req, res, next) => {
  if (!req.headers.authorization) return res.status(401).json({ error: 'login' });
  next();
});
app.get('/orders/:id', (req, res) => res.json({}));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(process.env.PORT || 3000);
`

// BenchmarkLoad measures how long an application of one file takes to start and to describe itself, its file read before.
func BenchmarkLoad(b *testing.B) {
	library := machine.NewLibrary()
	for b.Loop() {
		if _, err := machine.New(tree{"app.js": benchmarked}, library).Load(context.Background(), machine.Application{Entry: "app.js", Major: 4}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAnswer measures one request along one path.
func BenchmarkAnswer(b *testing.B) {
	m := machine.New(tree{"app.js": benchmarked}, machine.NewLibrary())
	if _, err := m.Load(context.Background(), machine.Application{Entry: "app.js", Major: 4}); err != nil {
		b.Fatal(err)
	}
	r := &machine.Request{Method: "GET", URL: "/orders/1", Headers: [][2]string{{"Host", "api.example"}, {"Origin", "https://app.shop.example"}, {"Authorization", "Bearer x"}}}
	for b.Loop() {
		if answers, err := m.Answer(context.Background(), r); err != nil || len(answers) != 1 || answers[0].Status != 200 {
			b.Fatal(answers, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

// BenchmarkAnswerAmongRoutes measures a request to an application of 500 routes, each asked from 20 origins.
func BenchmarkAnswerAmongRoutes(b *testing.B) {
	var text, origins strings.Builder
	for i := range 20 {
		fmt.Fprintf(&origins, "'https://app%d.shop.example', ", i)
	}
	fmt.Fprintf(&text, "const app = require('express')();\napp.use(require('cors')({ origin: [%s], credentials: true }));\n", origins.String())
	for i := range 500 {
		fmt.Fprintf(&text, "app.get('/v1/things%d/:id', (req, res) => res.json({}));\n", i)
	}
	m := machine.New(tree{"app.js": text.String() + "app.listen(3000);\n"}, machine.NewLibrary())
	if _, err := m.Load(context.Background(), machine.Application{Entry: "app.js", Major: 5}); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		r := &machine.Request{Method: "GET", URL: fmt.Sprintf("/v1/things%d/1", n/20%500), Headers: [][2]string{
			{"Host", "api.example"}, {"Origin", fmt.Sprintf("https://app%d.shop.example", n%20)}}}
		if answers, err := m.Answer(context.Background(), r); err != nil || len(answers) != 1 || answers[0].Status != 200 || len(answers[0].Headers) < 4 {
			b.Fatal(answers, err)
		}
		n++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}
