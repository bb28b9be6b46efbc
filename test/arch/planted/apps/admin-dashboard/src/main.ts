import '@app/client';
