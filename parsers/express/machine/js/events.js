// Node's event emitter.

// Programs of before classes call it as a function: EventEmitter.call(this).
function EventEmitter() {}

Object.assign(EventEmitter.prototype, {
  on(name, listener) {
    if (!Object.prototype.hasOwnProperty.call(this, 'listeners_')) Object.defineProperty(this, 'listeners_', { value: Object.create(null), writable: true });
    (this.listeners_[name] = this.listeners_[name] || []).push(listener);
    return this;
  },
  once(name, listener) {
    const once = (...args) => {
      this.off(name, once);
      return listener.apply(this, args);
    };
    once.listener = listener;
    return EventEmitter.prototype.on.call(this, name, once);
  },
  off(name, listener) {
    const list = this.listeners_ && this.listeners_[name];
    if (list) this.listeners_[name] = list.filter((l) => l !== listener && l.listener !== listener);
    return this;
  },
  emit(name, ...args) {
    const list = this.listeners_ && this.listeners_[name];
    if (!list || list.length === 0) {
      if (name === 'error') throw args[0] instanceof Error ? args[0] : new Error('Unhandled error');
      return false;
    }
    for (const l of list.slice()) if (typeof l === 'function') l.apply(this, args);
    return true;
  },
  listeners(name) { return ((this.listeners_ && this.listeners_[name]) || []).slice(); },
  listenerCount(name) { return this.listeners(name).length; },
  eventNames() { return Object.keys(this.listeners_ || {}); },
  removeAllListeners(name) {
    if (this.listeners_) {
      if (name === undefined) this.listeners_ = Object.create(null);
      else delete this.listeners_[name];
    }
    return this;
  },
  setMaxListeners() { return this; },
  getMaxListeners() { return 10; },
});
EventEmitter.prototype.addListener = EventEmitter.prototype.on;
EventEmitter.prototype.prependListener = EventEmitter.prototype.on;
EventEmitter.prototype.removeListener = EventEmitter.prototype.off;

EventEmitter.EventEmitter = EventEmitter.default = EventEmitter;
EventEmitter.once = () => $.unknown('events.once()');
module.exports = EventEmitter;
