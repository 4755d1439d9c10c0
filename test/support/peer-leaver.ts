// A peer's process that answers and is gone at once.
process.on('message', (message: { readonly type: string }) => {
  if (message.type === 'leave') process.send?.({ type: 'left' }, () => process.kill(process.pid, 'SIGKILL'))
})
