export function close(socket: { end(): void }): void {
  try {
    socket.end();
  } catch {}
}
