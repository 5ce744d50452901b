/** Tensors, their engine and its memory: what every user of Quern starts from. */
package dev.quern;
