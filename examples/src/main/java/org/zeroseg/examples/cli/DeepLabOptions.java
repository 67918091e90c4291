package org.zeroseg.examples.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.namedmask.DeepLabConfig;
import org.zeroseg.namedmask.NamedMaskRecipe;
import org.zeroseg.namedmask.NamedMaskTrainer;
import picocli.CommandLine.Option;

/** Options of the commands that train a NamedMask: its sizes, where it starts from, how fast. */
final class DeepLabOptions {

  @Option(
      names = "--backbone",
      paramLabel = "FILE",
      description =
          "A pretrained ResNet of the same sizes, such as dino_resnet50_pretrain.pth. Random "
              + "weights without one, as only small networks bear.")
  private Optional<Path> backbone;

  @Option(
      names = "--block",
      defaultValue = "BOTTLENECK",
      description =
          "What the ResNet is made of: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private ResNetConfig.Block block;

  @Option(
      names = "--blocks",
      defaultValue = "3,4,6,3",
      split = ",",
      paramLabel = "N",
      description = "Blocks of the ResNet's stages. Default: ${DEFAULT-VALUE}.")
  private List<Integer> blocks;

  @Option(
      names = "--width",
      defaultValue = "64",
      description = "Planes of the ResNet's first stage. Default: ${DEFAULT-VALUE}.")
  private int width;

  @Option(
      names = "--aspp-channels",
      defaultValue = "256",
      description = "Of the pyramid's branches and the decoder. Default: ${DEFAULT-VALUE}.")
  private int asppChannels;

  @Option(
      names = "--low-level-channels",
      defaultValue = "48",
      description = "Of the first stage's features. Default: ${DEFAULT-VALUE}.")
  private int lowLevelChannels;

  @Option(
      names = "--rates",
      defaultValue = "12,24,36",
      split = ",",
      paramLabel = "N",
      description = "Dilations of the pyramid. Default: ${DEFAULT-VALUE}.")
  private List<Integer> rates;

  @Option(
      names = "--learning-rate",
      defaultValue = "5e-4",
      description = "Of the head at the start. Default: ${DEFAULT-VALUE}.")
  private double learningRate;

  @Option(
      names = "--backbone-factor",
      defaultValue = "0.1",
      description = "Of the rate, for the ResNet. Default: ${DEFAULT-VALUE}.")
  private double backboneFactor;

  @Option(
      names = "--weight-decay",
      defaultValue = "2e-4",
      description = "Default: ${DEFAULT-VALUE}.")
  private double weightDecay;

  @Option(names = "--bfloat16", description = "Compute products in bfloat16.")
  private boolean bfloat16;

  Optional<Path> backbone() {
    return backbone;
  }

  /** A recipe with the network and the rates of the options. */
  NamedMaskRecipe of(NamedMaskRecipe published) {
    ResNetConfig resNet = ResNetConfig.of(block, width, blocks.toArray(Integer[]::new));
    return published
        .withNetwork(
            new DeepLabConfig(
                DeepLabConfig.dilated(resNet), asppChannels, lowLevelChannels, rates, 2))
        .withOptions(
            NamedMaskTrainer.Options.DEFAULT
                .withLearningRate(learningRate, backboneFactor)
                .withWeightDecay(weightDecay)
                .withBfloat16(bfloat16));
  }
}
