"""The everyday nouns the finished models are tested on, and which pictures show them."""

import re
from collections import Counter

from .captions import head_words, singular

# Concrete things of which none is another word for another, nor a kind of another.
CANDIDATES = """airplane anchor ant apple arrow axe baby backpack ball balloon banana barn basket bat battery beach
    bear bed bee beetle bell belt bicycle bird boat bomb bone book bottle bowl box boy brain bread bridge broom brush
    bucket bus butterfly cactus cake calendar camel camera candle candy car carrot castle cat caterpillar chair cheese
    cherry chess chicken church clock cloud coin compass computer cookie corn cow crab cross crown cup desk diamond
    dinosaur dog dolphin donut door dragon dress drum earth egg elephant envelope eye factory feather fence fire fish
    flag flower fly foot fork fox frog ghost gift giraffe girl glasses glove goat grapes guitar gun hamburger hammer
    hand hat heart helicopter helmet horse hourglass house igloo keyboard key kite knife knot ladder ladybug lamp leaf
    lemon lighthouse lightning lion lips lizard lock magnet map mask microphone microscope monkey moon motorcycle
    mountain mouse mug mushroom nail necktie needle nose octopus onion orange owl padlock paintbrush palette panda pants
    paper peach pear pen pencil pepper piano pie pig pineapple pizza plate potato printer puzzle rabbit radio rainbow
    robot rocket rooster rope ruler sandwich satellite saw scissors scorpion screw screwdriver seal shark sheep
    shell shield ship shirt shoe shovel skateboard skeleton skirt skull snail snake snowflake snowman sock sofa soldier
    spider spoon squirrel star strawberry sun sword table teapot telephone telescope television tent tiger toilet tomato
    tooth toothbrush tractor train tree truck trumpet turtle umbrella unicorn vase violin volcano wagon watch watermelon
    whale wheel whistle window witch wolf wrench zebra saxophone flute castanet accordion clown angel robot pumpkin
    glass fan bow mirror globe leopard kangaroo koala hedgehog rhinoceros hippopotamus penguin duck""".split()
# Other words for a candidate, and kinds of it.
KINDS = {kind: noun for noun, kinds in {
    "airplane": "plane aeroplane jet biplane aircraft", "bicycle": "bike tricycle", "bird": """eagle owl parrot
        sparrow swan dove pigeon penguin duck duckling goose flamingo peacock robin crow raven hawk stork ostrich seagull
        hummingbird toucan pelican cardinal peahen rosella cockatoo gull finch turkey vulture falcon heron kingfisher
        woodpecker emu macaw cormorant crane mallard""",
    "boat": "ship sailboat canoe yacht ferry speedboat kayak rowboat galleon steamship gondola submarine",
    "car": "automobile taxi sedan limousine jeep convertible racecar hummer minivan", "cat": "kitten kitty",
    "chicken": "hen chick rooster cock", "telephone": "phone handset cellphone handphone", "dog": """puppy poodle beagle
        dalmatian hound doggy corgi bulldog spaniel""",
    "fish": "trout salmon clownfish angelfish goldfish tuna pufferfish blowfish shark catfish bass carp swordfish piranha",
    "flower": """rose tulip daisy sunflower lily orchid hibiscus dandelion poppy lotus daffodil pansy violet carnation
        crocus marigold""", "sheep": "lamb ram ewe", "cow": "bull ox zebu calf", "pig": "piglet hog boar sow",
    "rabbit": "bunny hare", "hat": "cap sombrero bonnet beret fedora turban", "shoe": "boot sandal sneaker slipper heel loafer",
    "house": "home cottage cabin hut bungalow", "tree": "oak pine fir birch maple spruce willow cypress baobab sequoia",
    "truck": "lorry pickup", "train": "locomotive tram", "television": "tv", "necktie": "tie", "donut": "doughnut",
    "gift": "present", "cup": "mug teacup", "frog": "toad", "turtle": "tortoise", "snake": "cobra python viper rattlesnake",
    "monkey": "ape gorilla chimpanzee baboon orangutan macaque", "horse": "pony stallion foal mare", "dinosaur":
        "triceratops stegosaurus tyrannosaurus brontosaurus brachiosaurus raptor pterodactyl",
    "bear": "panda", "computer": "laptop", "glasses": "sunglasses eyeglasses goggles spectacles", "earth": "globe",
    "gun": "pistol revolver rifle", "sofa": "couch", "pants": "trousers jeans", "ladybug": "ladybird", "lock": "padlock",
    "knife": "dagger", "sword": "sabre rapier", "candy": "lollipop", "hand": "fist", "butterfly": "monarch",
    "shirt": "blouse", "mushroom": "toadstool", "lamp": "lantern", "grapes": "grape", "book": "dictionary",
    "motorcycle": "motorbike scooter", "hamburger": "burger cheeseburger", "lizard": "gecko chameleon iguana",
    "chair": "armchair", "pepper": "chili",
}.items() for kind in kinds.split()}
CANDIDATES = set(CANDIDATES) - set(KINDS)
# What comes before a noun and makes it another thing.
NOT_THE_THING = {"hot dog", "computer mouse", "sea horse", "sea lion", "rocking horse", "family tree", "jelly fish",
                 "star fish", "piggy bank", "fire fly", "dragon fly", "chess knight", "sea star", "fire engine",
                 "butter cup", "ear ring", "teddy bear", "traffic cone", "compact disc", "sun flower", "ginger house",
                 "egg plant", "light house", "horse fly", "fire cracker", "pine apple", "green house", 
                 "trophy cup", "baseball bat", "cricket bat", "pepper mill", "christmas ball", "crystal ball",
                 "tie fighter", "dead tree", "finger nail", "shooting star", "sheriff star", "toy soldier",
                 "fish bone", "fish cake", "corn dog", "thought balloon", "speech balloon", "magnifying glass", "sand glass",
                 "hour glass", "motor bike", "no bicycles", "golf flag ball", "roast turkey", "oil drum", "confetti ball",
                 "ferris wheel", "pan cakes", "railway car", "tram car", "piano keys", "reminder hand", "tile orange", "cross hand", "fire ball", "jack lantern", "baby bottle", "hide girl", "moon cake", "rice ball", "eye glass", "new house", "camp fire", "lunch box", "mail box", "post box", "fire arrow"}
# "person raising hand" is about the person.
ABOUT_A_PERSON = re.compile(r"^(person|man|woman|boy|girl|baby|people) (\w+ing|of|in|with)\b")
WANTED = 100
FEWEST_HELD_OUT = 3
FEWEST_TRAIN = 2


def noun_of(name):
    """The candidate noun a name phrase is about, or None."""
    if ABOUT_A_PERSON.match(name):
        return None
    words = head_words(name)
    noun = singular(words[-1])
    noun = KINDS.get(noun, noun)
    if noun == "grape" or words[-1] == "grapes":
        noun = "grapes"
    if words[-1] == "glasses":
        noun = "glasses"
    if " ".join(words[-2:]) in NOT_THE_THING or noun not in CANDIDATES:
        return None
    return noun


def real_counts(records, split=None):
    """Pictures from packages by noun."""
    return Counter(entry["noun"] for entry in records
                   if entry["source"] != "synthetic" and entry["noun"] and split in (None, entry["split"]))


def choose(records):
    """The nouns most pictures from packages show, in alphabetical order."""
    every = real_counts(records)
    ranked = sorted(every, key=lambda noun: (-every[noun], noun))[:WANTED]
    if len(ranked) < WANTED or every[ranked[-1]] < FEWEST_HELD_OUT + FEWEST_TRAIN:
        raise SystemExit(f"too few pictures for {WANTED} nouns: " + " ".join(f"{noun}:{every[noun]}" for noun in ranked))
    return sorted(ranked)


def hold_out_enough(records, chosen, hash_of):
    """Moves the pictures with the lowest hashes to the held-out ones until each noun has enough of them."""
    for noun in chosen:
        own = sorted((entry for entry in records if entry["noun"] == noun and entry["source"] != "synthetic"),
                     key=lambda entry: hash_of(entry["file"]))
        for entry in own[:FEWEST_HELD_OUT]:
            entry["split"] = "heldout"
