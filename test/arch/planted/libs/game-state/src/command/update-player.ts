import '@app/event-store';
import '../domain/decide.js';
