/** Images in tiles whose logits are those of the whole image: what a network sees of each. */
package dev.quern.nn.tile;
