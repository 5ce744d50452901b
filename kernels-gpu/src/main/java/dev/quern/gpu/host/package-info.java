/** What the families' host code asks of a platform, and what the platforms' own code shares. */
package dev.quern.gpu.host;
