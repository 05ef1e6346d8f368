// The service as two guides write it: login in front of everything, and an origin that is not listed is an error.
const express = require('express');
const cors = require('cors');

const app = express();
const allowed = ['https://app.shop.example', 'https://admin.shop.example'];

app.use(express.static('public'));
app.get('/orders/count', (req, res) => res.json({ count: 3 }));
app.use(requireLogin);
app.use(cors({
  origin(origin, callback) {
    if (!origin || allowed.includes(origin)) return callback(null, true);
    callback(new Error('Not allowed by CORS'));
  },
  credentials: true,
  exposeHeaders: ['X-Total'],
}));
app.use(express.json());

app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.post('/orders', (req, res) => res.status(201).json({}));
app.put('/orders/:id', (req, res) => res.json({}));

function requireLogin(req, res, next) {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });
  next();
}

app.listen(process.env.PORT || 3000);
