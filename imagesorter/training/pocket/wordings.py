"""How people name the attributes in words that no prompt of the training has, by wordings that it has."""

from __future__ import annotations

from collections.abc import Mapping

ATTRIBUTE_SYNONYMS: Mapping[str, str] = {
    # brightness
    "brightness": "luminosity, illuminance, light intensity, brightness level",
    "luminance": "luma",
    "bright": "glowing, radiant, radiance, brilliant, brightly lit, well illuminated, light filled, airy, "
    "blazing, dazzling, gleaming, lit up, full of light, daylight, bathed in light, brightly exposed, "
    "illumination, lightened, brilliance, shining, shiny light, strong lighting, strongly lit, vividly lit, "
    "bright lighting, light flooded, flooded with light, aglow, glare, glaring, lit brightly, "
    "brightly illuminated, highly illuminated, sun drenched, sun filled, well lighted, ablaze, incandescence",
    "lighter": "lightness",
    "sunlit": "sunny, sunnier, sunniest, sunshine, sunlight, sunny day",
    "overexposed": "overexposure, over exposed, over exposure, blown out, blown highlights, "
    "clipped highlights, burnt out, blown out highlights, over lit, overlit",
    "exposure": "ev, exposure value",
    "dark": "gloom, gloomier, gloomiest, somber, sombre, murk, unlit, lightless, pitch dark, darkened, "
    "deep shadows, darken, inky, shadow filled, full of shadows, dark exposure, dark mood, dark room, "
    "dark light",
    "dim": "dimly lit, low light, low lit, badly lit, dimness, dusky, twilight, dusk, dull light, "
    "poor lighting, poor light, bad lighting, bad light, weak light, weak lighting, faint light, "
    "dimly illuminated, barely lit, scarcely lit, faintly lit, poorly illuminated, badly illuminated, "
    "candlelit darkness",
    "shadowy": "shadow, shadows, shaded, shade, shadowed, shadier",
    "night": "nighttime, nocturnal, night time",
    "underexposed": "underexposure, under exposed, under exposure",
    # contrast
    "contrast": "tonal contrast, luminance contrast, contrast ratio, contrast level",
    "high contrast": "punchier, punchiest, contrastier, contrastiest, contrasts, deep blacks",
    "strong contrast": "bold contrast, dramatic contrast, stark contrast, crisp contrast, hard contrast, "
    "difference between light and dark, light and dark difference, light dark difference, light and shadow, "
    "shadow and light, shadows and highlights, highlights and shadows, darks and lights, blacks and whites, "
    "chiaroscuro, harsh light, harsh lighting, hard light, harsh tones, harsh contrast, "
    "strong contrast between light and dark, contrast between light and dark, contrast of light and dark, "
    "vivid contrast, big contrast, strong blacks, tonal punch, separation of tones, hard shadows, "
    "strong shadows, harsh shadows, deep shadows and bright highlights, bright highlights and deep shadows, "
    "black and white extremes, sharp tonal contrast, crisp blacks, inky blacks, rich blacks, "
    "bright whites and deep blacks, extremes of light and dark, light and dark extremes, sharp contrast, "
    "contrasting, contrasting tones, vivid light and dark, tones far apart, "
    "stark light and dark differences, stark differences between light and dark",
    "tonal range": "tonal variation, tone range, tonal difference, tonal differences",
    "dynamic range": "hdr",
    "low contrast": "flatness, milky, dull contrast, soft contrast, bleached, flat looking, flat tones, "
    "uniform tones, tonally flat, milky blacks, flat contrast, gentle tones, muted contrast, "
    "compressed tones, uniform luminance, lifted shadows, lifted blacks, soft light, soft lighting, "
    "softly lit, diffuse light, diffused light, diffuse lighting, narrow tonal range, narrow dynamic range, "
    "limited tonal range, limited dynamic range, small dynamic range, lifeless contrast, subtle contrast, "
    "foggy contrast, matte, matte look, faint contrast, dull tones, milky tones, milky look, "
    "veiled contrast, soft tones, greyish flat, grayish flat, weak blacks, low key contrast, pale tones, "
    "smooth light, overcast light, even lighting, evenly lit, dull and flat, flat and dull, "
    "tones close together",
    "faded": "fade, fading, faded out",
    # colourfulness
    "colorful": "colorfull, colourfull, bright colors, bright colours, brightly colored, brightly coloured, "
    "multicolour, multicolor, many colors, many colours, lots of color, lots of colour, full of color, "
    "full of colour, variety of colors, variety of colours, different colors, different colours, "
    "kaleidoscopic, flamboyant, psychedelic, chromatic, color rich, colour rich, full of colors, "
    "full of colours, full color, full colour, bursting with color, bursting with colour, "
    "explosion of color, explosion of colour",
    "colors": "hues, palette, color palette, colour palette, coloring, colouring, coloration, colouration",
    "saturated": "chroma, saturate, oversaturated, over saturated, color intensity, colour intensity, "
    "color saturation, colour saturation, intensely colored, intensely coloured, deep colors, deep colours, "
    "color purity, colour purity, technicolor, technicolour, candy colored, candy coloured, richly colored, "
    "richly coloured, chromaticity",
    "vivid": "vividness, vividly, color pop, colour pop, punchy colors, punchy colours, bold colors, "
    "bold colours, strong colors, strong colours, vivid colours, vivid colors, garish, gaudy, lurid, "
    "popping colors, popping colours, eye popping colors, eye popping color, eye popping colour, "
    "brilliant colors, brilliant colours, jewel tones, juicy colors, juicy colours, tropical colors, "
    "tropical colours, lush colors, lush colours, fresh colors, fresh colours, loud colors, loud colours, "
    "bright hues, bright tones of color, vividly colored, vividly coloured, brightly tinted",
    "vibrant": "vibrance, vibrancy",
    "multicolored": "multicoloured, multi colored, multi coloured",
    "colored": "coloured",
    "desaturated": "desaturation, unsaturated, undersaturated, subdued, subdued colors, subdued colours, "
    "toned down, bleak colors, bleak colours, faded color, faded colour, washed out color, "
    "washed out colour, dull color, dull colour, lacking color, lacking colour, dusty colors, dusty colours, "
    "anaemic colors, anaemic colours, anemic colors, anemic colours, colors washed out, colours washed out, "
    "colors faded, colours faded, bleached out colors, bleached out colours, grayed out, greyed out, "
    "weak colors, weak colours, drained of color, drained of colour, drained colors, drained colours",
    "gray": "grayish, greyish, grayer, greyer, grayest, greyest, neutral colors, neutral colours, "
    "neutral tones, achromatic, colour free, color free, gray tones, grey tones, gray look, grey look",
    "monochrome": "monochromatic, single color, single colour, one color, one colour, monotone, single hue",
    "pale": "paler, palest, faded colors, faded colours, washed out colors, washed out colours, "
    "bleached colors, bleached colours, pastel, pastels",
    "dull": "duller, dullest, drabber, bland, blander, blandest, lifeless colors, lifeless colours",
    "black and white": "b&w, b/w, bw, black & white, black/white, black / white",
    "muted colors": "muted tones, muted colours, pastel colors, pastel colours, pastel tones, "
    "subdued palette, muted palette",
    "grayscale": "gray scale, grey scale, greyscales",
    # warmth
    "warm": "warm white balance, warm color temperature, warm colour temperature",
    "warm colors": "warm colours, warm color, warm colour, warm hues, warm colored, warm coloured, "
    "autumn colors, autumn colours",
    "warm tones": "orange tone, orange tint, orange tints, yellow tints, red tints, orange cast, "
    "yellow tint, yellow cast, red tint, red cast, warm cast, warm tint, sunset colors, sunset colours, "
    "sunset tones, red and orange tones, red and yellow tones, fiery tones, orangey cast, sepia tones, "
    "honey tones, earthy tones, autumnal tones, sunset hues, amber tones, peachy tones, reddish tint, "
    "reddish cast, reddish tones, yellowish tint, yellowish cast, yellowish tones, golden tint, golden cast, "
    "warm color cast, warm colour cast, yellow orange tones, fiery, fiery colors, fiery colours, autumnal, "
    "toasty, sun kissed, sunkissed, sunny warm tones, summer light, summer tones, rusty tones, hot colors, "
    "hot colours, honey colored, honey coloured, glowing warm, golden colors, golden colours, golden hues, "
    "copper tones, bronze tones, reddish hues, yellowish hues, orange light, warm atmosphere, "
    "reddish and orange, warm toned, golden toned, orange toned",
    "warm light": "golden hour, golden hour light, firelight, candlelit, incandescent light, incandescent, "
    "tungsten light, candle lit, orange glow, amber glow, fireside",
    "golden light": "golden glow, candlelight, candle light, warm glow",
    "warmer": "warmer white balance, warmer color temperature, warmer colour temperature",
    "cooler": "cooler white balance, cooler color temperature, cooler colour temperature, "
    "colder white balance, colder color temperature, colder colour temperature",
    "color temperature": "colour temperature",
    "cool": "coolness, cool white balance, cool color temperature, cool colour temperature, "
    "cold color temperature, cold colour temperature",
    "cool colors": "cool colours, cool color, cool colour, cool hues, cold hues, cool colored, cool coloured",
    "cool tones": "blue tone, blue tint, blue tints, blue cast, bluish tint, bluish cast, cool cast, "
    "cool tint, cold tones, cold cast, cold tint, steely tones, blue hour, wintry tones, blueish tint, "
    "blueish cast, moonlit blue, cool color cast, cool colour cast, blue light, winter tones, winter light, "
    "ice cold colors, ice cold colours, ice colors, ice colours, steel tones, bluish light, cold atmosphere, "
    "bluer white balance, polar colors, polar colours, blue toned, bluish toned, cool toned, cold toned, "
    "bluish hues and tones",
    "icy": "frosty, wintry, chilly, chillier, icier, arctic, glacial, wintery, wintry colors, "
    "wintry colours, wintery colors, wintery colours",
    "bluish": "blueish",
    # sharpness
    "sharp": "tack sharp, pin sharp, razor sharp, sharply, unblurred, unblurry, in sharp focus, "
    "well defined edges, crisp edges, clean edges, sharp edges, sharp lines, crisp lines, defined edges, "
    "razor edged, clean sharp lines, clearly defined, well defined lines, hard edges, crisp and clear, "
    "sharp and clear",
    "sharpness": "acutance, acuity, visual acuity",
    "focused": "focussed, focusing, focussing",
    "in focus": "perfect focus, perfectly focused, perfectly in focus, focus quality, accurate focus, "
    "accurately focused, focused correctly, correctly focused, nailed focus, nailed the focus, "
    "perfect focusing, well focussed",
    "clearer": "clearest, clarity, crystal clear, clearly visible",
    "fine detail": "detail, details, fine details, high definition, hi def, hd, uhd, high resolution, "
    "higher resolution, highest resolution, high res, hi res, resolution, definition, well defined, "
    "crisp details, clear details, visible detail, sharp details, finely resolved, well resolved, "
    "resolved detail, fine texture",
    "blurry": "blurring, soft focus, softly focused, blurred out, motion blur, motion blurred, camera shake, "
    "shaky, shakier, shaken, gaussian blur, lens blur, smudged, smudgy, smudgier, indistinct, unclear, "
    "vague, movement blur, ghosting, blurry from movement, not in focus, shaken camera, foggy focus, "
    "hazy blur, out of focus blur, handshake, hand shake, blurry motion, moving blur",
    "blur": "blurs, blurredness",
    "unfocused": "unfocussed, misfocused, misfocussed, missed focus, bad focus, poor focus, wrong focus, "
    "lost focus, focus missed, defocus, ill focused",
    "unsharp": "unsharpness, not sharp, lacking sharpness, low resolution, low res, lo res, low definition, "
    "lacking detail, lack of detail, lacks sharpness, lacking in sharpness, lack of sharpness, lacks detail, "
    "lacks focus, bleary",
    "soft": "softness",
    "fuzzy": "fuzziness, fuzzier, fuzziest",
    "smeared": "smeary, smear, smearing",
    # noise
    "noise": "grains, image grain, white noise",
    "noisy": "noisiness, noise level, digital noise, luminance noise, chroma noise, color noise, "
    "colour noise, gaussian noise, random noise, high iso, high iso noise, iso grain, low light noise, "
    "noise grain, pixel noise, camera noise, low snr, poor snr, bad snr, poor signal to noise, "
    "low signal to noise, hot pixels, low light grain, visible noise, rough grain, colored specks, "
    "coloured specks, noise in the shadows, shadow noise, grain in the shadows, color specks, colour specks, "
    "random pixels",
    "grainy": "graininess, gritty, grittier, grittiest, sensor grain, digital grain, film like grain, "
    "coarse grain, coarse grained",
    "speckled": "speckles, speckle, speckly, specks, salt and pepper",
    "noise free": "denoised, noise reduced, low iso, free of noise, ungrainy, grain free, noise removed, "
    "high snr, good snr, signal to noise, signal to noise ratio, snr, high signal to noise, "
    "good signal to noise, noise reduction, noise suppression, denoise, clean shadows, free from noise",
    "smooth": "smoothness",
    # JPEG damage
    "jpeg damage": "jpg damage, low jpeg quality, bad jpeg quality, poor jpeg quality, low quality jpeg, "
    "bad jpeg, deep fried, jpeg noise, jpeg blocks, jpeg blockiness, jpeg degradation, jpegged, "
    "crunchy jpeg, crunchy compression, low jpeg quality factor, jpeg quality loss, loss of jpeg quality, "
    "quality loss, loss of quality, generation loss",
    "jpeg": "jpg",
    "jpeg artifacts": "jpeg artifact, jpeg artefact, jpg artifacts, jpg artefacts, mosquito noise, "
    "ringing artifacts",
    "artifacts": "artifact, artefact",
    "compression artifacts": "compression artifact, compression artefact, compression artefacts, "
    "compression ringing, halos from compression",
    "compression damage": "poor compression, lossy compression, aggressive compression, compression noise, "
    "compression loss, lossy jpeg compression, bad jpg compression, bad jpeg compression, "
    "heavy lossy compression, compression quality loss",
    "heavily compressed": "overcompressed, over compressed, highly compressed, strongly compressed, "
    "badly compressed, recompressed, lossy, low bitrate, low bit rate, strong compression, tiny jpeg",
    "blocky": "blockiness, blockier, macroblocks, macroblocking, block artifacts, blocky artifacts, "
    "square blocks, visible blocks, block edges, 8x8 blocks, jpeg squares, compression blocks, "
    "compression squares, quantization blocks, visible block edges, dct artifacts, dct blocks, macro blocks, "
    "compression ugly blocks, ugly blocks",
    "pixelated": "pixellated, pixelation, pixelization, pixelating, pixely, pixelly, pixelled",
    "degraded": "degradation, corrupted",
    "undamaged": "jpeg quality, high jpeg quality, high quality jpeg, uncorrupted, clean jpeg, "
    "good compression, clean compression, light compression, mild compression, little compression, "
    "gentle compression, good jpeg quality, best jpeg quality, high bitrate, high bit rate, "
    "high quality compression, clean jpegs, good jpegs, lossless quality, minimal compression, "
    "low compression, weak compression, slight compression",
    "artifact free": "artefact free, compression free, free of artifacts, free of artefacts",
    # haze
    "hazy": "hazing, atmospheric haze, hazed, poor visibility, low visibility, bad visibility, polluted air, "
    "air pollution, obscured by haze, smoky, smokey, smoky air, dusty air, hazy veil, aerosol, dust haze, "
    "thick air, milky atmosphere, hazy air, hazy distance, distant haze, haze in the distance, murky air, "
    "hazy horizon, smoke haze, wildfire smoke, low lying fog, dust in the air, dusty atmosphere",
    "foggy": "fogginess, fogged, foggy weather, fogbound, obscured by fog, fog bound, shrouded in fog, "
    "fog covered, foggy air",
    "misty": "mistiness, mistiest, misted, obscured by mist, mist covered, shrouded in mist",
    "murky": "murkier, murkiest, murkiness",
    "smoggy": "smoggier, smoggiest",
    "haze free": "unhazy, good visibility, high visibility, better visibility, clear visibility, visibility, "
    "mist free, clean air, clear atmosphere, free of haze, clear day, clear days, clearest air, "
    "transparent air, clear distance, crystal clear air, crystal clear atmosphere, crisp air, clear weather, "
    "fresh air, clear horizon, free from haze, unobscured, crystal clear views, crystal clear view, "
    "clear views, clear skies, far visibility, long visibility, unlimited visibility, clear of fog, "
    "clear of mist, clear of haze",
    # banding
    "color banding": "color bands, colour bands, banded gradients, gradient banding, banded sky, "
    "visible bands, banding artifacts, banding artefacts, tonal banding, contouring, banded colors, "
    "banded colours, gradient bands, sky bands, tonal bands, false contours, broken gradients, "
    "stripy gradients, chunky gradients, harsh gradients, gradient artifacts, gradient artefacts, "
    "visible steps, steps in gradients, visible gradient steps, stair steps, stair step, stair stepped, "
    "rings in sky, bands in sky, bands in the sky, banding effect, harsh gradient transitions, "
    "visible steps in gradients, stepping in gradients, steps in the sky, banding in gradients, "
    "bands in gradients, visible banding, visible bands in the sky, visible banding in the sky, "
    "banding in skies, stripes in gradients, stripes in the sky, tone steps, visible steps in the sky, "
    "steps in the gradients, bands of color, bands of colour",
    "posterized": "posterize, posterise, posterizing, posterising, posterisation, poster effect",
    "quantized": "quantised, quantization, quantisation, low bit depth, reduced bit depth, 8 color look, "
    "8 colour look, few bits, low bits, indexed colors, indexed colours, gif look, gif like",
    "color steps": "colour steps, tonal steps, stepped tones, stair stepping, stepped colors, "
    "stepped colours",
    "few tones": "fewer color levels, fewer colour levels, few color levels, few colour levels, "
    "few grey levels, few gray levels, limited tonal levels, fewer shades, few shades, limited shades, "
    "low color depth, low colour depth, reduced color depth, reduced colour depth, fewer tones, "
    "reduced tones, limited tones, limited color levels, limited colour levels, limited number of tones",
    "smooth gradients": "smooth gradient, bit depth, high bit depth, smooth transitions, "
    "smooth tonal transitions, smooth gradation, smooth gradations, seamless gradients, gradual tones, "
    "smoothest gradients, smoother gradients, tone transitions, tonal transitions, gradual transitions, "
    "gradual tone transitions, sky transitions, smooth sky, dithered, fine gradation, fine tonal gradation, "
    "fine tonal gradations, subtle gradation, subtle gradations, tonal gradation, color depth, colour depth, "
    "full color depth, full colour depth, true color, true colour, smooth tonal gradation, "
    "smooth tonal gradations, fine gradients, soft gradients, smoothly graded, gradients without steps, "
    "gradient without steps, fine tonal transitions, continuous gradients, continuous gradient, "
    "gentle gradients, clean gradients",
    "continuous tones": "continuous tone",
    # hues
    "red": "redness, ruby, vermilion, blood red, maroon, burgundy, carmine, cherry red, ruddy",
    "orange": "oranges, orangey, orangish, orangeness",
    "yellow": "yellowness, yellowy, yellows",
    "green": "greenness, greenish, greeny, emerald, greenery, grass green, olive green, lime green",
    "blue": "blueness, navy, navy blue, cobalt, sky blue, cobalt blue, royal blue, bluey",
    "pink": "pinkish, pinkness, pinks, pinkest, fuchsia, pinky, hot pink",
    "purple": "purplish, purpleness, mauve, purples, purply, purpler, purplest, lilac, indigo",
    "cyan": "cyanish, cyans, aquamarine",
    "turquoise": "turquoises, turquoisey",
    "teal": "teals, tealish",
    "brown": "brownish, brownness, browny, chestnut brown, chocolate brown, chocolate brown colors, "
    "chocolate brown colours",
    "white": "whiteness, whitish, whites, pure white, snow white",
    "black": "blackness, blackish, blackest, blacks, nearly black, near black, pitch black, jet black, "
    "pure black",
    "red colors": "red tones, red hues, shades of red",
    "orange colors": "orange tones, orange hues, shades of orange",
    "yellow colors": "yellow tones, yellow hues, shades of yellow",
    "green colors": "green tones, green hues, shades of green",
    "blue colors": "blue hues, shades of blue",
    "purple colors": "purple tones, purple hues, shades of purple, purple tint",
    "cyan colors": "shades of turquoise",
    "pink colors": "shades of pink",
    "brown colors": "shades of brown, earth tones",
    # complexity
    "complex": "complexness, elaborate, elaborateness, ornate, sophisticated structure, maximalist, "
    "dense composition, dense scene",
    "cluttered": "visual clutter, visually cluttered, cluttering, jumbled, jumble, untidy, untidier, "
    "untidiest, too much going on, lots going on, a lot going on, much going on, overloaded, "
    "overcrowded with things, packed frame, cramped frame, cramped, crowded composition, crowded frame, "
    "full of stuff, full of things, piles of stuff, visually noisy, overfilled, crowded images, "
    "crowded pictures, crowded photos",
    "chaotic": "chaos, hectic, disorganised, disorganized, disordered, disorderly, visually confusing, "
    "confusing scene, confusing composition, overwhelming scene",
    "intricate": "intricacy, intricate details, intricate detail, too much detail, full of detail, "
    "full of details, rich in detail, rich in details, lots of details, richly detailed, many details, "
    "highly intricate, labyrinthine, very detailed, complicated patterns, intricate patterns, convoluted, "
    "many small details, fine patterns",
    "messy": "messiness, mess, messiest",
    "busy": "busyness, visually busy, busy scene, busy composition, busy background, going on, "
    "many elements, lots of elements, multiple elements, detailed scene, detailed scenes, "
    "detailed composition, busy frame, busy image, visually dense, dense frame, full scene, "
    "overcrowded frame, overfull, crowded with details, very full, visual noise, patterned, teeming, "
    "bustling, frantic, lots of stuff, stuffed",
    "simple": "simplistic, simplified, clean composition, clean layout, clean design, simple composition, "
    "minimalist composition, uncomplex, bare, barer, unadorned, blank, calm composition, calm scene, "
    "few details, little detail, few elements, few shapes, easy on the eyes, sparse, sparseness, "
    "clear composition, sparse composition, simple scene, simple scenes, quiet composition, "
    "a single subject, one subject, single subject, clean and simple, clean look, empty scene, plainness, "
    "bareness, serene composition, peaceful composition, pared back composition",
    "minimalistic": "minimalism, negative space, white space, pared back, pared down, stripped down, "
    "stripped back",
    "empty background": "clean background, plain background, clear background, simple background, "
    "uncluttered background, emptiness, empty space, clean backgrounds, plain backgrounds, "
    "simple backgrounds, empty backgrounds",
    "uncluttered": "decluttered, clutter free, free of clutter",
    "tidy": "tidiness, tidiest, neat, neater, neatest, neatness, organised, organized, well organised, "
    "well organized, well ordered",
    "orderly": "orderliness, ordered",
    # numbers
    "people": "folks, humans",
    "number of people": "headcount, head count, people number, quantity of people, total people, "
    "crowd count, number of individuals, number of humans, human count, amount of persons, person count, "
    "persons count, crowd number, number of faces, face count, faces count, quantity of faces, people total",
    "crowd": "mob, throng, masses of people, crowd density, people density, sea of people, group of people, "
    "groups of people, crowd of people, large group, full of people, mobs, throngs, large groups, big group, "
    "big groups, bigger groups, larger groups, audience, spectators, gathering, gatherings, big crowd, "
    "large crowd, huge crowd, biggest crowd, largest crowd, packed crowd, dense crowd, mass of people, "
    "big gathering, big gatherings, large audience, mob scenes, masses of humans, hordes, hordes of people, "
    "horde",
    "crowded": "crowdedness, overcrowded, populated, densely populated, peopled, populous, packed stadium, "
    "busy with people, teeming with people, full house, crowded streets, crowded street, jam packed, rammed",
    "few people": "sparse crowd, small crowd, smaller crowd, few individuals, only a few people, "
    "sparsely populated, thinly populated, small group, small groups, small group of people",
    "deserted": "unpopulated, uninhabited, depopulated, empty of people, devoid of people, people free, "
    "abandoned by people, empty of humans, free of humans, without a soul, void of people, empty streets, "
    "empty street",
    "unpeopled": "nobody, nobody around, not a soul, no one around, nobody in sight",
    "objects": "object",
    "number of objects": "number of elements, objects count, object number, item count, amount of objects, "
    "quantity of objects, instances, number of instances, objects number, amount of things, amount of items, "
    "quantity of items, number of pieces",
    "many objects": "multiple objects, many distinct objects, many different objects, various objects, "
    "piles of objects, many pieces",
    "things": "stuff",
    "single object": "lone object, one thing, one item, single thing, single item, isolated object, "
    "isolated item, only one object, just one object",
    "cells": "cell",
    "red cells": "red cell",
    "red blood cells": "red blood cell, rbc, rbcs, erythrocyte, red blood corpuscles, red corpuscles",
    "number of red blood cells": "rbc count, rbc number, red blood cell count, red blood cells count, "
    "erythrocyte count, erythrocytes count, red cell count, red cells count, number of erythrocytes, "
    "rbc density, hematocrit, haematocrit, number of rbcs, number of red cells, red blood cell density, "
    "red cell density, red cell number, erythrocyte density, erythrocyte number, red blood cell number",
    "many cells": "polycythemia, erythrocytosis, dense cells",
    "few red blood cells": "anemia, anaemia, anemic, anaemic, few erythrocytes, few rbcs, few red cells, "
    "sparse red cells, sparse red blood cells, sparse cells, sparse erythrocytes, erythropenia",
    # what is called beautiful
    "aesthetic": "esthetic, aesthetical, aesthetically pleasing, tasteful, eye candy, pleasing composition, "
    "good composition, well composed",
    "aesthetics": "aesthetic quality, aesthetic score, aesthetic value, aesthetic appeal, esthetics",
    "beautiful": "gorgeous, lovely, stunning, breathtaking, beauty, beautifulness, exquisite, amazing, "
    "awesome, wonderful, fantastic, beautifully shot, beautifully taken, splendid, magnificent, "
    "pleasing to look at",
    "attractive": "appealing, attractiveness, eye catching, photogenic, visually appealing, "
    "visually pleasing, pleasing to the eye, eye pleasing, impressive, easy on the eye",
    "pretty": "prettier, prettiest, prettiness",
    "nice": "nicer, nicest, nice looking",
    "good looking": "better looking, best looking, looks good, looks nice, looks great, look good, "
    "looks amazing, looks beautiful, looking amazing",
    "high quality": "top quality, excellent, superb, outstanding, finest, highest quality, good quality, "
    "great quality, premium quality",
    "image quality": "technical quality, picture quality, photo quality, technically good, "
    "technically better, technically best, technically perfect, technically excellent, quality score",
    "professional": "professional quality, professional looking, award winning, magazine quality, "
    "portfolio quality, professionally shot",
    "best": "top rated, highest rated, portfolio worthy, insta worthy, instagram worthy, instagrammable, "
    "top picks, masterpieces, works of art, work of art, wall worthy, top shots, top shot, top photos, "
    "best of the best, portfolio shots, frame worthy",
    "good photo": "good shot, great shot, great photo, great picture, good pictures, good photos, "
    "great photos, great pictures, masterpiece, great photography, good photography, picture perfect",
    "well made": "well shot, well taken, well photographed",
    "ugly": "hideous, unsightly, ugliness, unappealing, unpleasant, unpleasing, unaesthetic, eyesore, "
    "eyesores",
    "bad": "awful, terrible, horrible, crappy, crap, rubbish, lousy, horrid, dreadful",
    "worst": "throwaways, worst quality, lowest quality, worst looking",
    "bad photo": "bad shot, bad photos, bad pictures, terrible photo, terrible shot, bad picture, "
    "badly taken, poorly taken, badly shot, poorly shot, poor photo, poor photos, poor photography, "
    "bad photography",
    "poor quality": "poorer quality, mediocre, shoddy, inferior, low grade",
    "amateurish": "amateur, unprofessional",
    "spoiled": "spoilt, botched, flawed",
}
