package machine_test

import (
	"context"
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
