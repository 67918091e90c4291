package org.zeroseg.zsi;

import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/** Sizes. */
final class ZsiConfig {

  private ZsiConfig() {}

  static Map<String, Shape> proposalShapes(String prefix, int in, int channels, int dimensions) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    int anchors = Anchors.PUBLISHED.shapes();
    layer(shapes, prefix + "rpn_conv", new Shape(channels, in, 3, 3));
    layer(shapes, prefix + "rpn_cls_conv_T", new Shape(dimensions, channels, 1, 1));
    shapes.put(prefix + "vec_fb.weight", new Shape(2L * anchors, dimensions, 1, 1));
    layer(shapes, prefix + "rpn_reg", new Shape(4L * anchors, channels, 1, 1));
    return shapes;
  }

  static Map<String, Shape> boxShapes(
      String prefix, int in, int features, int dimensions, int classes, int vocabulary) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    long side = BoxFeatures.BOXES.side();
    layer(shapes, prefix + "shared_fcs.0", new Shape(features, in * side * side));
    layer(shapes, prefix + "shared_fcs.1", new Shape(features, features));
    layer(shapes, prefix + "fc_semantic", new Shape(dimensions, features));
    layer(shapes, prefix + "kernel_semantic", new Shape(dimensions, vocabulary));
    layer(shapes, prefix + "d_kernel_semantic", new Shape(vocabulary, dimensions));
    layer(shapes, prefix + "d_fc_semantic", new Shape(features, dimensions));
    layer(shapes, prefix + "fc_reg", new Shape(4L * classes, features));
    layer(shapes, prefix + "fc_res", new Shape(dimensions, dimensions));
    return shapes;
  }

  static Map<String, Shape> maskShapes(
      String prefix, int in, int channels, int dimensions, int classes) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (int i = 0; i < 4; i++) {
      layer(shapes, prefix + "convs." + i + ".conv", new Shape(channels, in, 3, 3));
    }
    shapes.put(prefix + "upsample.weight", new Shape(channels, channels, 2, 2));
    shapes.put(prefix + "upsample.bias", new Shape(channels));
    layer(shapes, prefix + "convT.conv", new Shape(dimensions, channels, 3, 3));
    layer(shapes, prefix + "kernel_semantic", new Shape(dimensions, dimensions, 3, 3));
    layer(shapes, prefix + "d_kernel_semantic", new Shape(dimensions, dimensions, 3, 3));
    layer(shapes, prefix + "dconvT.conv", new Shape(channels, dimensions, 3, 3));
    shapes.put(prefix + "conv_vec.weight", new Shape(classes, dimensions, 1, 1));
    return shapes;
  }

  private static void layer(Map<String, Shape> shapes, String name, Shape weight) {
    shapes.put(name + ".weight", weight);
    shapes.put(name + ".bias", new Shape(weight.get(0)));
  }
}
