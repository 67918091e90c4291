package org.zeroseg.eval.coco;

/** What the overlap of a detection with a ground truth is measured on. */
public enum Overlap {
  /** Masks. */
  MASK,
  /** Boxes. */
  BOX,
  /**
   * The smaller of mask IoU and the IoU of the masks' boundaries; for a crowd the mask IoU (Cheng
   * et al. 2021, bowenc0221/boundary-iou-api).
   */
  BOUNDARY
}
