package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.tensor.Weights;

/** A small network of random weights around a small CLIP. */
final class TinyZutis {

  static final ClipConfig.Vit VIT = new ClipConfig.Vit(64, 2, 8, 4);
  static final ZutisConfig CONFIG = new ZutisConfig(VIT, 32, 6, 2, 64, 32);

  private TinyZutis() {}

  static ClipTokenizer tokenizer() {
    return ClipTokenizer.learn(List.of("a photo of a cat", "a photo of a dog"), 8, 77);
  }

  static ClipConfig clipConfig() {
    ClipConfig.Text text = new ClipConfig.Text(64, 2, 77, tokenizer().vocabularySize());
    return new ClipConfig(VIT, text, CONFIG.embedding());
  }

  static Clip clip() {
    NDManager manager = NDManager.newBaseManager();
    Weights weights = Weights.of(clipWeights(manager), "random weights");
    return Clip.of(ClipModel.of(clipConfig(), weights, manager), tokenizer(), manager);
  }

  static Map<String, NDArray> clipWeights(NDManager manager) {
    return clipConfig().initialWeights(new SplittableRandom(5), manager);
  }

  /** Starting weights, with queries and memories far enough apart that masks differ. */
  static Map<String, NDArray> weights(NDManager manager) {
    try (NDManager scratch = manager.newSubManager()) {
      Map<String, NDArray> weights =
          new LinkedHashMap<>(
              CONFIG.initialWeights(clipWeights(scratch), new SplittableRandom(7), manager));
      weights.computeIfPresent("ffn1.layers.2.weight", (name, array) -> array.mul(40));
      return weights;
    }
  }

  static ZutisModel model(NDManager manager) {
    return ZutisModel.of(CONFIG, Weights.of(weights(manager), "random weights"), manager);
  }
}
