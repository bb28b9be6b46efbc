import '@app/event-store';
