// What the page can begin with: configurations with one fault each, and the rule that reports it.

export const examples = [
  {
    kind: 'nginx', title: 'An if that drops headers', rule: 'nginx-if-drops-headers',
    files: [{ name: 'api.conf', text: `server {
    listen 80;
    server_name api.shop.example;

    location / {
        if ($request_method = 'OPTIONS') {
            add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
            add_header 'Access-Control-Allow-Methods' 'GET, PUT, DELETE';
            add_header 'Access-Control-Allow-Headers' 'Content-Type,Authorization';
            return 204;
        }

        add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
        add_header 'Access-Control-Allow-Credentials' 'true';

        proxy_pass http://orders:3000;
    }
}
` }],
  },
  {
    kind: 'nginx', title: 'An expression that lets strangers in', rule: 'origin-regex-unanchored',
    files: [{ name: 'partners.conf', text: `map $http_origin $partner_origin {
    default                                "";
    "~^https://(www|app).partner.example"  $http_origin;
}

server {
    listen 8081;
    server_name partners.shop.example;

    location /v1/ {
        add_header Access-Control-Allow-Origin      $partner_origin always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://partners:8080;
    }
}
` }],
  },
  {
    kind: 'Express', title: 'Login in front of cors()', rule: 'auth-before-cors',
    files: [{ name: 'server.js', text: `const express = require('express');
const cors = require('cors');

const app = express();

function requireLogin(req, res, next) {
  if (!req.headers.authorization) return res.sendStatus(401);
  next();
}

app.use(requireLogin);
app.use(cors({ origin: 'https://app.shop.example', credentials: true }));

app.get('/orders', (req, res) => res.json([]));
app.put('/orders/:id', (req, res) => res.json({}));

app.listen(3000);
` }],
  },
  {
    kind: 'nginx and Express', title: 'Both speak of CORS', rule: 'allow-origin-duplicate-across-layers',
    files: [{ name: 'nginx.conf', text: `server {
    listen 80;
    server_name api.shop.example;

    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://127.0.0.1:3000;
    }
}
` }, { name: 'server.js', text: `const express = require('express');
const cors = require('cors');

const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
` }],
  },
  {
    kind: 'API Gateway', title: 'OPTIONS asks for a token', rule: 'preflight-requires-auth',
    files: [{ name: 'template.yaml', text: `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Users
        Authorizers: {Users: {UserPoolArn: "arn:aws:cognito-idp:eu-west-1:1:userpool/pool"}}
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'GET,PUT'"
        AllowHeaders: "'Authorization,Content-Type'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Handler: orders.handler
      Events:
        Get: {Type: Api, Properties: {Path: /orders, Method: get, RestApiId: !Ref Api}}
        Put: {Type: Api, Properties: {Path: /orders, Method: put, RestApiId: !Ref Api}}
` }],
  },
];
