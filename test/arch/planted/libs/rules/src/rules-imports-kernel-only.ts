import '@app/health';
