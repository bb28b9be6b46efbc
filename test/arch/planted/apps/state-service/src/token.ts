console.log('a token');
