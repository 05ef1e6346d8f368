const express = require('express');
const cors = require('cors');

const app = express();
const origins = [process.env.WEB_ORIGIN, process.env.ADMIN_ORIGIN];

app.get('/orders/count', (req, res) => res.json({ count: 3 }));

app.use(cors({
  origin: origins,
  credentials: true,
  methods: ['GET', 'POST', 'PUT'],
  allowedHeaders: ['Content-Type'],
}));
app.use(express.json());

app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.post('/orders', (req, res) => res.status(201).json({}));
app.get('/orders/:id', (req, res) => res.json({}));
app.put('/orders/:id', (req, res) => res.json({}));
app.post('/carts', (req, res) => res.status(201).json({}));

app.listen(4000);
