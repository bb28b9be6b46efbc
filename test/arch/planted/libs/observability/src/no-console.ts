console.log('a lib logs through its logger');
