"""Body zones of the front and the back view, one half in half coordinates.

Shapes may pass a little beyond the contour: the page clips them to it. Zones without sides are
half shapes that `both_halves` closes over the midline.
"""

from __future__ import annotations

from dev.chart.figure import SOLE_AT, arm, leg
from dev.chart.geometry import Shape, band, ellipse, place, poly

FINGERS: dict[str, Shape] = {
    "hand.thumb": poly("160,464 171,482 164,496! 170,506 178,526 192,528 190,510 168,470"),
    "hand.index": poly("161,514 168.5,507 173,518 178,550 171,556 165,545"),
    "hand.middle": poly("151,515 160.8,513 164,530 166,556 160,564 153.5,560"),
    "hand.ring": poly("140.6,513.5 150.8,514.5 151.5,545 148,560 139,556"),
    "hand.little": poly("126,511 140.6,513.5 139,526 133,548 124,545"),
}
HEAD_FRONT: dict[str, Shape] = {
    "head.forehead": poly("0,24 22,24! 32,34 30,46 29,54 0,55"),
    "head.eyebrow": poly("0,56 29,55 30,66 0,68"),
    "head.eye_orbit": poly("8,68 30,66 30,79 10,80"),
    "head.temple": poly("30,46 34,38 42,50 42,74 30,74"),
    "head.nose": poly("0,69 8,69 10,80 12,98 0,98"),
    "head.cheek": poly("10.5,81 30,80 30,74 40,74 38,92 22,97 14,103 12,98"),
    "head.jaw_angle": poly("38,93 37,104 30,119 25.5,115.5 23,98"),
    "head.jaw_body": poly("12,105 22,98 24.5,116 28.5,119 22,126! 12,131"),
}
FRONT: dict[str, Shape] = {
    **HEAD_FRONT,
    "neck.lateral": poly("25.3,124.5 28.6,119.5 34,122 32,145 23.3,159.5 21,173 14.5,174 19,158! 22,142!"),
    "neck.shoulder_angle": poly("32.5,146 44,154 54,159 46,171 22,173 24,160"),
    "neck.anterior": poly("10,134 22,127! 24.5,125 21,142! 18,158! 13.5,174 9.5,175 8.5,158"),
    "shoulder.top": poly("54.8,158 66,163 78,165 79.5,181.5 62,180.5 62,171.3 47,171.3"),
    "shoulder.acromion": poly("78,164 96,169 104,176 98,185 80,182"),
    "shoulder.anterior": poly("62,182 80,183 98,186 98,228! 97,228 78,211 62,202"),
    "shoulder.joint_deep": ellipse(79, 197, 9, 9),
    "shoulder.lateral": poly("98,186 105,175 122,190 122,240 98,240"),
    "shoulder.axilla": poly("78,212 97,229 97,240 86,243! 70,240 68,226"),
    "arm.anterior": band(arm, 35, 70, 241, 318),
    "arm.lateral": band(arm, 71, 106, 241, 318),
    "arm.medial": band(arm, -6, 34, 244, 318),
    "elbow.medial": band(arm, -6, 29, 319, 352),
    "elbow.anterior": band(arm, 30, 70, 319, 352),
    "elbow.lateral": band(arm, 71, 106, 319, 352),
    "forearm.ulnar": band(arm, -6, 29, 353, 444),
    "forearm.volar": band(arm, 30, 70, 353, 444),
    "forearm.radial": band(arm, 71, 106, 353, 444),
    "wrist.ulnar": poly("119,445 130,445 134,464 122,464"),
    "wrist.volar": poly("131,445 145,445 149,464 135,464"),
    "wrist.radial": poly("146,445 156,445 162,464 150,464"),
    "hand.hypothenar": poly("122,465 137,465 139,485 138,498 122,498"),
    "hand.thenar": poly("138,465 159,465 170,482 162,496 150,500 140,486"),
    "hand.palm": poly("126,499 139,499 140,488 150,502 163,497 168,506 161,513 140,513 126,510"),
    **FINGERS,
    "chest.upper": poly("12,180 24,176! 42,174! 61,172.5 61,202 36,205! 12,204"),
    "chest.breast": poly("12,205 36,206! 61,203 77,212 66,228 69,238 60,249! 40,256! 12,252"),
    "chest.lateral": poly("70,245 78,244 78,300 58,304 52,288! 58,254 62,250"),
    "chest.costal_margin": poly("12,253 40,257! 57,252 51,288 57,306 42,316 26,294! 12,276"),
    "abdomen.upper": poly("0,270 12,278 25,295! 40,317 42,348 0,348"),
    "abdomen.lower": poly("0,349 42,349 48,372 53,391 34,424! 18,444 0,444"),
    "abdomen.lateral": poly("42.5,317 58,306 72,302 72,373 56,375 49,371 43,348"),
    "pelvis.groin": poly("53,393 61,401 36,447! 14,470 9,462 19,445 35,424!"),
    "hip.anterior": poly("50,376 74,373 77,396! 73,440 56,452 36,454 61,402"),
    "hip.greater_trochanter": poly("77,390 84,390 96,450 92,466 73,464 73,440"),
    "thigh.medial": poly("7,485 14,472 30,483 32,511! 36,550! 39,612 18,612 10,550! 3,510"),
    "thigh.anterior": poly("14,472 35,455 56,453 72,442 72,480 69,511! 66,550! 59,612 39,612 36,550! 32,511! 30,483"),
    "thigh.lateral": poly("73,466 92,467 96,500 86,560 80,612 60,612 67,550! 70,511!"),
    "knee.medial": poly("18,613 37,613 33.5,638! 38,664 18,664"),
    "knee.anterior": poly("38,613 60,613 62.5,638! 59,664 39,664 34.5,638!"),
    "knee.lateral": poly("80,613 61,613 63.5,638! 60,664 78,664"),
    "leg.medial": band(leg, -6, 36, 665, 815),
    "leg.anterior": band(leg, 37, 68, 665, 815),
    "leg.lateral": band(leg, 69, 106, 665, 815),
    "ankle.medial": poly("30,816 42,816 42,848 28,848"),
    "ankle.anterior": poly("42.5,816 55,816 56,848 42.5,848"),
    "ankle.lateral": poly("55.5,816 68,816 70,848 56.5,848"),
    "foot.dorsum": poly("30,849 56,849 60,860 65,876 47,880 30,876"),
    "foot.lateral_border": poly("56.5,849 70,849 86,874 84,880 66,876 61,860"),
    "foot.great_toe": poly("28,877 46.5,880 45.5,894 28,894"),
    "foot.lesser_toes": poly("47,881 65,877 85,880 85,893 46.5,893"),
}
FRONT_MIDLINE: dict[str, Shape] = {
    "head.chin": poly("0,112 11,108 12,131 8,132.6! 0,133.4"),
    "neck.throat": poly("0,134 9,134 8,158 8,176 0,178"),
    "chest.sternum": poly("0,180 11,182 11,262 0,268"),
    "pelvis.pubic": poly("0,445 18,446 9,461 12,468 0,468"),
    "pelvis.perineum": poly("0,469 13,470 9,484 0,484"),
}
BACK: dict[str, Shape] = {
    "head.occiput": poly("0,54 40,54 39.5,69 36,77 29,85 26,101 0,104"),
    "head.suboccipital": poly("0,105 26,102 27,112 29,121 0,121"),
    "head.behind_ear": poly("39.8,70 41,90 38,106! 32,119 27.5,112 26.5,101 29.5,86 36.5,78"),
    "neck.posterior": poly("0,122 19,122 19.5,138! 23.5,151 23,161 12,153 10,141 0,141"),
    "neck.lateral": poly("19.5,122 28,121 34,121 32,142 24,150 20.2,138!"),
    "neck.shoulder_angle": poly("31,143 54,156 54,172 42,173 24,165 24.2,151"),
    "shoulder.top": poly("54.5,159 77,165 79,178 56,176.5 54.5,173"),
    "shoulder.acromion": poly("78,164 96,169 107,180 98,190 82,183 80,178"),
    "shoulder.lateral": poly("107,181 122,196 122,240 99,240 99,191"),
    "shoulder.posterior": poly("82,184 98,191 98,240 83,240 77,226! 72,212 72,187"),
    "shoulder.scapula_superior_angle": poly("22,166 41,174 42,190 30,192 22,186"),
    "shoulder.scapula_supraspinous": poly("42,175 55,177.5 79,179 80,184 62,188 43,194"),
    "shoulder.scapula_medial_border": poly("22,188 30,193 38,194 40,238 36,244 24,236"),
    "shoulder.scapula_body": poly("39,196 62,188 71,188 71,206 58,226 50,238 41,232"),
    "shoulder.scapula_inferior_angle": poly("41,234 50,239 57,246 54,260 36,260 34,246"),
    "shoulder.scapula_lateral_border": poly("71.5,208 71.5,213 77,228 80,234 76,246 66,252 57,245 51,238 59,226"),
    "back.interscapular": poly("0,160 12,154 21,164 21,188 23,236 0,236"),
    "back.thoracic_mid": poly("0,237 23,237 35,247 35,270 0,270"),
    "back.thoracic_lower": poly("0,271 35,271 36,304 0,304"),
    "chest.lateral": poly("58,247 66,253 78,246 78,304 37,304 36,262 55,261"),
    "back.lumbar": poly("0,305 31,305 33,360 28,372 0,372"),
    "back.flank": poly("32,305 72,305 72,360 50,360 34,364"),
    "back.iliac_crest": poly("34,365 50,361 74,361 78,384 56,382 42,386 31,378"),
    "back.si_joint": poly("14,374 29,374 42,387 32,402 22,418 13,404"),
    "hip.buttock_upper": poly("43,388 56,383 79,384 82,400 78,412! 72,421 46,425! 23,419 33,402"),
    "hip.buttock": poly("22,420 46,426! 72,422 73,440! 70,455 40,462! 2,455 9,441"),
    "hip.buttock_lower": poly("1,456 40,463! 69,456 66,474! 60,480 44,492! 22,496! 8,490 7.5,474 1,472"),
    "hip.greater_trochanter": poly("83,402 96,440 94,474 66,474 71,455 75,424"),
    "arm.posterior": band(arm, -6, 64, 242, 318),
    "arm.lateral": band(arm, 65, 106, 241, 318),
    "elbow.medial": band(arm, -6, 29, 319, 356),
    "elbow.posterior": band(arm, 30, 70, 319, 356),
    "elbow.lateral": band(arm, 71, 106, 319, 356),
    "forearm.ulnar": band(arm, -6, 29, 357, 444),
    "forearm.dorsal": band(arm, 30, 70, 357, 444),
    "forearm.radial": band(arm, 71, 106, 357, 444),
    "wrist.ulnar": poly("119,445 130,445 134,464 122,464"),
    "wrist.dorsal": poly("131,445 145,445 149,464 135,464"),
    "wrist.radial": poly("146,445 156,445 162,464 150,464"),
    "hand.dorsum": poly("122,465 152,465 156,480 155,512 140,513 126,510"),
    "hand.first_web": poly("153,465 159,465 170,482 163,496 168,507 161,513 156,511 157,480"),
    **FINGERS,
    "thigh.posterior": poly("3,491 22,497! 44,493! 62,481 70,476 68,520! 62,612 24,612 16,580! 6,520"),
    "thigh.lateral": poly("71,476 94,476 92,510 80,612 63,612 69,520"),
    "knee.posterior": band(leg, -6, 106, 613, 664),
    "leg.calf": band(leg, -6, 76, 665, 764),
    "leg.lateral": band(leg, 77, 108, 665, 815),
    "leg.achilles": band(leg, -6, 76, 765, 815),
    "ankle.medial": poly("28,816 47.3,816 47.3,850 28,850"),
    "ankle.lateral": poly("48,816 70,816 72,850 48,850"),
}
BACK_MIDLINE: dict[str, Shape] = {
    "head.vertex": poly("0,10 20,14 34,28 40,44 40,53 0,53"),
    "neck.base_c7": poly("0,142 9,142 12,152 0,159"),
    "back.sacrum": poly("0,373 13,374 12,404! 21,419 0,419"),
    "back.coccyx": poly("0,419 21,419 9,440! 1,455 0,455"),
    "pelvis.perineum": poly("0,473 7,474.5 7.5,493 0,494"),
}
SOLE: dict[str, Shape] = {
    "foot.heel": poly("-20,-74 24,-74 20,-36 -18,-34"),
    "foot.arch": poly("-18,-33 20,-35 23,-6 26,18 -4,24 -28,20"),
    "foot.forefoot_sole": poly("-30,21 -4,25! 27,19 27,39 9,50! -9,54 -27,51"),
    "foot.great_toe": poly("-28,52 -9.5,55 -8,64 -11,76 -30,76"),
    "foot.lesser_toes": poly("-9,55 9,51! 28,40 28,50 12,60 -7,68 -7.5,63"),
}
# Second patch of a zone in the back view (its path gets both): the heel of the standing foot.
BACK_EXTRA: dict[str, Shape] = {"foot.heel": poly("26,851 74,851 64,890 30,890")}
BACK.update({zone: place(shape, 1, *SOLE_AT) for zone, shape in SOLE.items()})

NECK_CROP = (
    "head.vertex head.occiput head.suboccipital head.behind_ear neck.posterior neck.lateral neck.base_c7 "
    "neck.shoulder_angle shoulder.top shoulder.acromion shoulder.lateral shoulder.posterior "
    "shoulder.scapula_superior_angle shoulder.scapula_supraspinous shoulder.scapula_medial_border "
    "shoulder.scapula_body shoulder.scapula_lateral_border back.interscapular"
).split()
NECK_FRONT_CROP = (
    "head.vertex head.forehead head.eyebrow head.eye_orbit head.temple head.ear head.tmj "
    "head.teeth_upper head.teeth_lower "
    "head.cheek head.nose head.jaw_angle head.jaw_body head.chin neck.anterior neck.lateral neck.throat "
    "neck.shoulder_angle shoulder.top shoulder.acromion shoulder.anterior shoulder.joint_deep shoulder.lateral "
    "shoulder.axilla chest.upper chest.breast chest.sternum"
).split()
