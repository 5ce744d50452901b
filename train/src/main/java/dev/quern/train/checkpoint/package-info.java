/** Checkpoints in the safetensors format, written whole or not at all. */
package dev.quern.train.checkpoint;
