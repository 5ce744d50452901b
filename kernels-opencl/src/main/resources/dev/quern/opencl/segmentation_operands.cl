// What all entries of the fused losses over the pixels have in common: the batch, and the kinds of its
// operands. To be declared, and to be passed on.

#define SEGMENTATION_EXTENT const long images, const int classes, const long pixels
#define SEGMENTATION_EXTENT_GIVEN images, classes, pixels

#define SEGMENTATION_KINDS const int terms, const int logits_dtype, const int target_dtype
#define SEGMENTATION_KINDS_GIVEN terms, logits_dtype, target_dtype
