package org.zeroseg.core.network;

import java.util.List;
import java.util.regex.Pattern;
import org.zeroseg.core.checkpoint.Checkpoint;

/**
 * Backbones in published training checkpoints: torchvision, DINO, MoCo, SwAV, mmdetection. They
 * name a ResNet's tensors alike; what differs is where these lie and what lies beside them.
 */
public final class BackboneLayout {

  /** Where networks lie in what trainings write: beside a momentum copy, a student, a queue. */
  private static final List<String> INSIDE =
      List.of("state_dict", "teacher", "module.encoder_q", "encoder_q");

  private static final Pattern WRAPPERS = Pattern.compile("^((module|backbone|encoder_q|vit)\\.)+");

  /** Heads of training, classifiers and detectors, which a backbone has no use for. */
  private static final Pattern HEADS =
      Pattern.compile(
          "(head|fc|projection_head|prototypes|pooler|classifier|neck|(rpn|roi|bbox|mask|decode|auxiliary)_head)\\..*");

  private BackboneLayout() {}

  /**
   * The backbone of a checkpoint: the teacher's where there is one, else MoCo's query encoder,
   * without the prefixes of wrappers and without heads.
   *
   * @param stored a checkpoint as published
   * @return a view under the backbone's own names, torchvision's for a ResNet; what is not known
   *     stays, for a strict check to report
   */
  public static Checkpoint backbone(Checkpoint stored) {
    Checkpoint network = stored.unwrapped();
    for (String key : INSIDE) {
      if (network.tensors().keySet().stream().anyMatch(name -> name.startsWith(key + "."))) {
        network = network.under(key);
      }
    }
    return network
        .renamed(name -> WRAPPERS.matcher(name).replaceFirst(""))
        .without(name -> HEADS.matcher(name).matches());
  }
}
