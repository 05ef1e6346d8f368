// The service as it works: CORS first, and a refused origin gets an answer without CORS headers.
const express = require('express');
const cors = require('cors');

const app = express();
const allowed = ['https://app.shop.example', 'https://admin.shop.example'];

app.use(express.static('public'));
app.use(cors({
  origin: allowed,
  credentials: true,
  allowedHeaders: ['Authorization', 'Content-Type'],
  exposedHeaders: ['X-Total'],
}));
app.get('/orders/count', (req, res) => res.json({ count: 3 }));
app.use(requireLogin);
app.use(express.json());

app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.post('/orders', (req, res) => res.status(201).json({}));
app.put('/orders/:id', (req, res) => res.json({}));

function requireLogin(req, res, next) {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });
  next();
}

app.listen(process.env.PORT || 3000);
