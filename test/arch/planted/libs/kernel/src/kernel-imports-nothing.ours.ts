import '@app/auth';
