"""Words for several kinds, on photographs of kinds that the bundled model was not taught.

ImageNet's classes that belong to a word, of which the model was taught none as such: its training had one
photograph of each class, under the name of the class.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.training.metrics import roc_auc
from imagesorter.training.pocket.annotations import read_annotations
from imagesorter.training.pocket.bank import load_rgb
from imagesorter.training.pocket.evaluate import encode
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table

FOLDER = "imagenet"

MEMBERS = {
    "bird": "African grey, American coot, American egret, albatross, bald eagle, bee eater, bittern, "
    "black grouse, black stork, black swan, brambling, bulbul, bustard, chickadee, cock, "
    "coucal, dowitcher, drake, flamingo, goldfinch, goose, great grey owl, hen, hornbill, "
    "house finch, hummingbird, indigo bunting, jacamar, jay, junco, king penguin, limpkin, "
    "little blue heron, lorikeet, macaw, magpie, ostrich, oystercatcher, partridge, peacock, "
    "prairie chicken, ptarmigan, quail, red-backed sandpiper, red-breasted merganser, "
    "redshank, robin, ruddy turnstone, ruffed grouse, spoonbill, sulphur-crested cockatoo, "
    "vulture, water ouzel, white stork",
    "cat": "Egyptian cat, Persian cat, Siamese cat, tabby, tiger cat, cougar, lynx, leopard, snow "
    "leopard, jaguar, lion, tiger, cheetah",
    "fish": "anemone fish, barracouta, coho, eel, electric ray, goldfish, great white shark, "
    "hammerhead, puffer, rock beauty, sturgeon, tiger shark",
    "insect": "admiral, ant, bee, cabbage butterfly, cicada, cockroach, cricket, damselfly, dragonfly, "
    "dung beetle, grasshopper, ground beetle, lacewing, ladybug, leaf beetle, leafhopper, "
    "long-horned beetle, lycaenid, mantis, monarch, rhinoceros beetle, ringlet, sulphur "
    "butterfly, tiger beetle, walking stick, weevil",
    "reptile": "African chameleon, African crocodile, American alligator, American chameleon, Gila "
    "monster, Komodo dragon, agama, alligator lizard, banded gecko, boa constrictor, box "
    "turtle, common iguana, diamondback, frilled lizard, garter snake, green lizard, green "
    "mamba, hognose snake, horned viper, king snake, leatherback turtle, loggerhead, mud "
    "turtle, rock python, sidewinder, terrapin, thunder snake, vine snake, water snake, "
    "whiptail",
    "seafood": "American lobster, Dungeness crab, crayfish, fiddler crab, hermit crab, king crab, rock "
    "crab, spiny lobster",
    "food": "French loaf, Granny Smith, bagel, banana, bell pepper, broccoli, burrito, butternut "
    "squash, carbonara, cauliflower, cheeseburger, chocolate sauce, confectionery, consomme, "
    "corn, cucumber, custard apple, eggnog, espresso, fig, guacamole, head cabbage, hot pot, "
    "hotdog, ice cream, ice lolly, jackfruit, lemon, mashed potato, meat loaf, orange, "
    "pineapple, pizza, pomegranate, potpie, pretzel, spaghetti squash, strawberry, trifle, "
    "zucchini, acorn squash",
    "vehicle": "Model T, ambulance, beach wagon, bicycle-built-for-two, bullet train, cab, convertible, "
    "electric locomotive, fire engine, forklift, freight car, garbage truck, go-kart, "
    "golfcart, harvester, jeep, limousine, minibus, minivan, mobile home, moped, motor "
    "scooter, mountain bike, passenger car, pickup, police van, racer, school bus, snowplow, "
    "sports car, steam locomotive, streetcar, tank, thresher, tractor, trailer truck, "
    "trolleybus, airliner, warplane",
    "ship": "aircraft carrier, canoe, catamaran, container ship, fireboat, gondola, lifeboat, liner, "
    "schooner, speedboat, submarine, trimaran, wreck, yawl",
    "furniture": "barber chair, bassinet, bookcase, china cabinet, cradle, crib, desk, dining table, "
    "entertainment center, folding chair, four-poster, medicine chest, park bench, rocking "
    "chair, studio couch, table lamp, throne, wardrobe",
    "instrument": "accordion, acoustic guitar, banjo, bassoon, cello, cornet, drum, electric guitar, flute, "
    "French horn, grand piano, harmonica, harp, marimba, oboe, organ, sax, trombone, upright, "
    "violin",
    "gadget": "Polaroid camera, cassette player, cellular telephone, computer keyboard, desktop "
    "computer, dial telephone, digital clock, hand-held computer, iPod, joystick, laptop, "
    "loudspeaker, microphone, modem, monitor, mouse, notebook, photocopier, printer, radio, "
    "reflex camera, screen, tape player, television",
    "architecture": "barn, bell cote, boathouse, castle, dome, greenhouse, library, monastery, mosque, "
    "planetarium, prison, stupa, triumphal arch, yurt",
}
"""Classes by a word of `imagesorter.training.pocket.kinds`."""


def measure(context: Context) -> Table:
    table = Table(
        "Words for several kinds, area under ROC",
        ("asked for", "photographs of it", "the word by itself", "the kinds together"),
    )
    model = Ranker(read_manifest(bundled_models() / "pocket"), "cpu")
    classes = read_annotations(context.photos).classes
    names = [name for name in sorted(classes) if name.startswith(f"{FOLDER}/")]
    tokens = encode(model, [load_rgb(context.photos / name) for name in names])
    alone = model.under(replace(model.manifest, kinds={}))
    areas = []
    for kind, of in MEMBERS.items():
        positive = np.array([classes[name] in of.split(", ") for name in names])
        if kind not in model.manifest.kinds or not 0 < positive.sum() < len(names):
            continue
        found = [roc_auc(one.score(tokens, f"more {kind}"), positive) for one in (alone, model)]
        areas.append(found)
        table.rows.append((f"more {kind}", f"{positive.sum()}", *(f"{area:.2f}" for area in found)))
    if areas:
        means = np.mean(areas, 0)
        table.rows.append(("mean", f"{len(names)} in all", *(f"{area:.2f}" for area in means)))
    table.notes.append(
        f"the photographs of `{FOLDER}`, one of each class; the model's training had nine in ten of them, "
        "under the names of their classes alone"
    )
    return table
