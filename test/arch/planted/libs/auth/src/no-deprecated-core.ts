import 'node:punycode';
