import '@app/observability';
