import '@app/testing';
