package dev.quern.train.data;

/**
 * An image with its mask.
 *
 * @param name the file stem, or a made-up name for a synthetic image
 * @param image the picture
 * @param mask the truth, of the same size as the image
 */
public record Sample(String name, Image image, Mask mask) {}
