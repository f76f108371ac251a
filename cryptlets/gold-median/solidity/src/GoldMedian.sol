// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Cryptlet} from "cryptlet/Cryptlet.sol";
import {Json} from "cryptlet/Json.sol";
import {Price} from "./Price.sol";
import {Source} from "./Source.sol";

/// @notice Gold in USD per troy ounce. The specification, step by step, is ../../README.md.
contract GoldMedian is Cryptlet {
    uint256 private constant MIN_SOURCES = 2;
    /// @dev A price may lie one fiftieth of the median away from it.
    uint256 private constant OUTLIER = 50;

    function run(string memory trigger) internal override returns (string memory) {
        checkTrigger(trigger);
        Source.Reading[] memory readings = readAll();
        for (uint256 i = 0; i < readings.length; i++)
            if (bytes(readings[i].fault).length > 0) log("warn", failure(readings[i]));
        uint256 middle = Price.median(pricesOf(readings));
        for (uint256 i = 0; i < readings.length; i++) {
            uint256 price = readings[i].price;
            uint256 distance = price > middle ? price - middle : middle - price;
            readings[i].outlier = price > 0 && distance * OUTLIER > middle;
        }
        uint256[] memory used = pricesOf(readings);
        if (used.length < MIN_SOURCES) refuseTooFew(readings, used.length);
        return observation(readings, used);
    }

    function checkTrigger(string memory trigger) private view {
        string memory feed = Json.text(trigger, "/feed");
        if (keccak256(bytes(feed)) != keccak256("xau-usd"))
            refuse(
                "FEED_NOT_DECLARED",
                string.concat('{"cryptlet":"gold-median","feed":', Json.quote(feed), "}")
            );
        Json.Value memory parameters = Json.get(trigger, "/parameters");
        bool none = parameters.kind == Json.Kind.Null ||
            (parameters.kind == Json.Kind.Object && parameters.count == 0);
        if (!none)
            refuse(
                "PARAMETERS_INVALID",
                '{"path":"(whole)","reason":"gold-median takes no parameters"}'
            );
    }

    function readAll() private returns (Source.Reading[] memory readings) {
        string memory requests = "";
        for (uint256 i = 0; i < Source.count(); i++)
            requests = string.concat(
                requests,
                i == 0 ? "" : ",",
                '{"id":"',
                Source.idOf(i),
                '","method":"GET","url":"',
                Source.urlOf(i),
                '"}'
            );
        string memory answers = hostCall(
            string.concat('{"op":"http.all","requests":[', requests, "]}")
        );
        readings = new Source.Reading[](Source.count());
        for (uint256 i = 0; i < readings.length; i++)
            readings[i] = Source.read(
                i,
                Json.get(answers, string.concat("/ok/", Price.decimal(i))).text
            );
    }

    /// @dev Of all that have one and are no outlier.
    function pricesOf(
        Source.Reading[] memory readings
    ) private pure returns (uint256[] memory prices) {
        uint256 count = 0;
        for (uint256 i = 0; i < readings.length; i++) if (isUsed(readings[i])) count++;
        prices = new uint256[](count);
        for (uint256 i = 0; i < readings.length; i++)
            if (isUsed(readings[i])) prices[--count] = readings[i].price;
    }

    function isUsed(Source.Reading memory reading) private pure returns (bool) {
        return reading.price > 0 && !reading.outlier;
    }

    function failure(Source.Reading memory reading) private pure returns (string memory) {
        return string.concat(reading.id, ": ", reading.outlier ? "outlier" : reading.fault);
    }

    function refuseTooFew(Source.Reading[] memory readings, uint256 used) private view {
        string memory failures = "";
        for (uint256 i = 0; i < readings.length; i++) {
            if (isUsed(readings[i])) continue;
            string memory between = bytes(failures).length == 0 ? "" : ", ";
            failures = string.concat(failures, between, failure(readings[i]));
        }
        refuse(
            "TOO_FEW_SOURCES",
            string.concat(
                '{"used":"',
                Price.decimal(used),
                '","minSources":"',
                Price.decimal(MIN_SOURCES),
                '","failures":',
                Json.quote(failures),
                "}"
            )
        );
    }

    function observation(
        Source.Reading[] memory readings,
        uint256[] memory used
    ) private pure returns (string memory) {
        uint256 observedAt = type(uint256).max;
        string memory sources = "";
        for (uint256 i = 0; i < readings.length; i++) {
            sources = string.concat(sources, i == 0 ? "" : ",", source(readings[i]));
            if (isUsed(readings[i]) && readings[i].receivedAt < observedAt)
                observedAt = readings[i].receivedAt;
        }
        // Sorts, so that the spread is last minus first.
        uint256 median = Price.median(used);
        return
            string.concat(
                '{"feed":"xau-usd","value":{"kind":"decimal","text":"',
                Price.toText(median),
                '","decimals":8,"unit":"USD per troy ounce"},"observedAt":',
                Price.decimal(observedAt),
                ',"market":{"status":"unknown","session":null,"nextOpen":null},"sources":[',
                sources,
                '],"aggregation":{"method":"median;outlier=2%","minSources":',
                Price.decimal(MIN_SOURCES),
                ',"used":',
                Price.decimal(used.length),
                ',"spread":"',
                Price.toText(used[used.length - 1] - used[0]),
                '"}}'
            );
    }

    function source(Source.Reading memory reading) private pure returns (string memory) {
        bool failed = reading.price == 0;
        return
            string.concat(
                '{"id":"',
                reading.id,
                '","reference":',
                reading.answerReference,
                ',"extracted":',
                failed ? "null" : string.concat('"', Price.toText(reading.price), '"'),
                ',"observedAt":null,"outlier":',
                reading.outlier ? "true" : "false",
                ',"error":',
                failed ? string.concat('"', reading.fault, '"') : "null",
                "}"
            );
    }
}
