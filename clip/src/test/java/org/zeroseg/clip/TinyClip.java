package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.tensor.Weights;

/** Small CLIPs of random weights, with a vocabulary of bytes and a few merges. */
final class TinyClip {

  static final ClipConfig.Vit VIT = new ClipConfig.Vit(64, 3, 8, 4);
  static final ClipConfig.ResNet RES_NET = new ClipConfig.ResNet(16, List.of(1, 1), 4);

  private TinyClip() {}

  static ClipTokenizer tokenizer() {
    return ClipTokenizer.learn(List.of("a photo of a cat", "a photo of a dog"), 8, 77);
  }

  static ClipConfig config(ClipConfig.Image image) {
    ClipConfig.Text text = new ClipConfig.Text(64, 2, 77, tokenizer().vocabularySize());
    return new ClipConfig(image, text, 32);
  }

  static ClipModel model(ClipConfig.Image image, NDManager manager) {
    ClipConfig config = config(image);
    Map<String, NDArray> weights = config.initialWeights(new SplittableRandom(5), manager);
    return ClipModel.of(config, Weights.of(weights, "random weights"), manager);
  }

  static Clip clip(ClipConfig.Image image) {
    NDManager manager = NDManager.newBaseManager();
    return Clip.of(model(image, manager), tokenizer(), manager);
  }
}
