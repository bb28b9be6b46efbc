import '@app/kernel';
