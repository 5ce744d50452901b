package dev.quern.spi;

/**
 * Marks the interfaces whose calls can be watched: kernel families, plans and the memory. A watcher
 * is a proxy between caller and backend, so it sees families to come as well: flight recorder
 * events, the check for non-finite numbers, and the test that spoils results on purpose.
 */
public interface Observed {}
