/** The U-Net: a network that segments images. */
package dev.quern.nn.unet;
