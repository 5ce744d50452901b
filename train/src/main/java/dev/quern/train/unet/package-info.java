/** The U-Net as a trainer trains it: crops, tiles, and the model around the network. */
package dev.quern.train.unet;
